import { Alert, Button, Table } from 'antd';
import { texts, useTexts } from '~/i18n';
import { save } from '~/parts/save';
import { queueLink } from '~/queue/filter';
import { Link } from '~/session';
import type { Report } from '.';
import { fromBase64 } from './file';
import css from './import.module.css';

const words = texts({
  tried: ['试导入完成，还没有写入任何内容', 'Tried: nothing was written'],
  done: ['导入完成', 'Imported'],
  counts: (added: number, changed: number, repeated: number, refused: number) => [
    `可新增 ${added} 行，更新 ${changed} 行，重复 ${repeated} 行，不能导入 ${refused} 行`,
    `${added} are new, ${changed} would be updated, ${repeated} are there already, ${refused} are refused`,
  ],
  doneCounts: (added: number, changed: number, repeated: number, refused: number) => [
    `新增 ${added} 行，更新 ${changed} 行，重复 ${repeated} 行，被拒 ${refused} 行`,
    `${added} new, ${changed} updated, ${repeated} were there already, ${refused} refused`,
  ],
  cutShort: ['没有读完整个文件', 'The file was not read to its end'],
  row: ['行', 'Row'],
  problem: ['原因', 'Why'],
  rejects: ['下载被拒的行', 'Download what was refused'],
  rejectsHint: ['改好之后，把这个文件再导入一次即可。', 'Mend that file and import it again.'],
  firstOf: (shown: number, all: number) => [
    `这里是前 ${shown} 行，共 ${all} 行`,
    `The first ${shown} of ${all}`,
  ],
  toQueue: ['去看投诉队列', 'To the queue'],
  more: ['再导入一个', 'Import another'],
});

interface Props {
  /** It was only tried. */
  dry: boolean;
  report: Report;
  onRestart: () => void;
}

/** What became of the rows, and what to do about those that were refused. */
export function Outcome({ dry, report, onRestart }: Props) {
  const t = useTexts(words);
  const counts = dry ? t.counts : t.doneCounts;
  const { imported, changed, repeated, rejected, rejected_total: refused } = report;
  const whole = report.complete === 1;
  return (
    <section className={css.outcome} aria-label={dry ? t.tried : t.done}>
      <Alert
        showIcon
        type={refused > 0 ? 'warning' : dry ? 'info' : 'success'}
        title={dry ? t.tried : t.done}
        description={counts(imported - changed, changed, repeated, refused)}
        role="status"
      />
      {!whole && <Alert showIcon type="error" title={t.cutShort} description={report.problem} />}
      {refused > 0 && (
        <>
          <div className={css.head}>
            <Button
              onClick={() =>
                save(new Blob([fromBase64(report.rejects_csv)], { type: 'text/csv' }), 'rejects.csv')
              }
            >
              {t.rejects}
            </Button>
            <span className={css.soft}>{t.rejectsHint}</span>
          </div>
          <Table
            size="small"
            rowKey={({ row, problem }) => `${row} ${problem}`}
            dataSource={rejected}
            pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
            columns={[
              { title: t.row, dataIndex: 'row', width: 90, className: css.numbers },
              { title: t.problem, dataIndex: 'problem' },
            ]}
            {...(rejected.length < refused && { footer: () => t.firstOf(rejected.length, refused) })}
          />
        </>
      )}
      {!dry && (
        <div className={css.head}>
          <Link to={queueLink({ tab: 'all' })}>{t.toQueue}</Link>
          <Button onClick={onRestart}>{t.more}</Button>
        </div>
      )}
    </section>
  );
}
