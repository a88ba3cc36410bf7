// Complaints from a table: choose a file, match its columns, try, import, look at what was refused.

import { InboxOutlined } from '@ant-design/icons';
import { Alert, App, Button, Select, Steps, Table, Upload } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { call, type Data, failureText } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { Empty, PageHeader } from '~/parts';
import { Messages } from '~/parts/messages';
import { save } from '~/parts/save';
import { queueLink } from '~/queue/filter';
import { useSession } from '~/session';
import { ENDINGS, fromBase64, inBase64, MOST_BYTES, unfit } from './file';
import css from './import.module.css';
import { fieldName, type Mapping, matched, missing, sent, told } from './mapping';

type Preview = Data<'tousu.import.preview'>;
type Report = Data<'tousu.import.run'>;

const words = texts({
  title: ['导入投诉', 'Import complaints'],
  note: [
    '从 CSV 或 XLSX 导入；同一文件导入两次，第二次不会改变什么。',
    'From CSV or XLSX. The same file twice changes nothing the second time.',
  ],
  forbidden: ['您不能导入', 'You cannot import'],
  forbiddenHint: ['导入需要“投诉管理-处理”权限。', 'Importing needs the permission set 投诉管理-处理.'],
  stepFile: ['选择文件', 'Choose a file'],
  stepColumns: ['对应各列', 'Match columns'],
  stepReport: ['结果', 'Result'],
  drop: ['把文件拖到这里，或点击选择', 'Drop a file here, or click to choose one'],
  dropHint: [
    `CSV 或 XLSX，不超过 ${MOST_BYTES / 1024 / 1024} MiB。更大的文件用命令 tousu import。`,
    `CSV or XLSX, up to ${MOST_BYTES / 1024 / 1024} MiB. Larger ones go in by the command tousu import.`,
  ],
  ending: ['只能导入 CSV 或 XLSX 文件', 'Only CSV and XLSX files can be imported'],
  size: [
    '文件太大，请拆分，或用命令 tousu import',
    'The file is too large. Split it, or use the command tousu import',
  ],
  empty: ['文件是空的', 'The file is empty'],
  reading: ['正在读取…', 'Reading…'],
  file: (name: string, rows: number) => [`${name}，共 ${rows} 行`, `${name}: ${rows} rows`],
  sheet: ['工作表', 'Sheet'],
  column: ['文件里的列', 'Column of the file'],
  unnamed: (place: number) => [`第 ${place} 列（没有标题）`, `Column ${place} (no heading)`],
  samples: ['内容举例', 'Samples'],
  field: ['导入为', 'Goes into'],
  fieldOf: (heading: string) => [`“${heading}”导入为`, `“${heading}” goes into`],
  leave: ['不导入', 'Left out'],
  missing: (names: string) => [`还缺：${names}`, `Still missing: ${names}`],
  another: ['换一个文件', 'Another file'],
  tryOut: ['试导入', 'Try it'],
  run: ['导入', 'Import'],
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

interface Chosen {
  name: string;
  content: string;
}

export default function Import() {
  const t = useTexts(words);
  const { can } = useSession();
  return (
    <>
      <PageHeader title={t.title} note={t.note} />
      {can('投诉管理-处理') ? (
        <Messages>
          <Assistant />
        </Messages>
      ) : (
        <Empty title={t.forbidden} hint={t.forbiddenHint} />
      )}
    </>
  );
}

function Assistant() {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const [file, setFile] = useState<Chosen | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [sheet, setSheet] = useState<string | undefined>();
  const [mapping, setMapping] = useState<Mapping>(new Map());
  const [report, setReport] = useState<{ dry: boolean; of: Report } | null>(null);

  const restart = () => {
    setFile(null);
    setPreview(null);
    setSheet(undefined);
    setReport(null);
  };
  /** Does `work` with everything else held back; whatever goes wrong is said. */
  const doing = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      message.error(failureText(error, language));
    } finally {
      setBusy(false);
    }
  };
  const look = async (chosen: Chosen, sheet?: string) => {
    const seen = await call('tousu.import.preview', {
      file_name: chosen.name,
      content: chosen.content,
      ...(sheet !== undefined && { sheet }),
    });
    setFile(chosen);
    setPreview(seen);
    setSheet(seen.sheet || undefined);
    setMapping(told(seen.columns));
    setReport(null);
  };
  const choose = (chosen: File) => {
    const why = unfit(chosen);
    if (why) {
      message.error(t[why]);
      return;
    }
    doing(async () => look({ name: chosen.name, content: await inBase64(chosen) }));
  };
  const run = (dry: boolean) =>
    doing(async () => {
      if (!file) return;
      const of = await call('tousu.import.run', {
        file_name: file.name,
        content: file.content,
        ...(sheet !== undefined && { sheet }),
        mapping: sent(mapping),
        dry_run: dry ? 1 : 0,
      });
      setReport({ dry, of });
    });

  const step = report && !report.dry ? 2 : preview ? 1 : 0;
  return (
    <div className={css.import}>
      <Steps
        size="small"
        current={step}
        items={[{ title: t.stepFile }, { title: t.stepColumns }, { title: t.stepReport }]}
      />
      {step === 0 && (
        <Upload.Dragger
          accept={ENDINGS.join(',')}
          showUploadList={false}
          disabled={busy}
          beforeUpload={(chosen) => {
            choose(chosen);
            return false;
          }}
        >
          <p className={css.picture}>
            <InboxOutlined />
          </p>
          <p className={css.drop}>{busy ? t.reading : t.drop}</p>
          <p className={css.soft}>{t.dropHint}</p>
        </Upload.Dragger>
      )}
      {step === 1 && preview && file && (
        <>
          <div className={css.head}>
            <strong>{t.file(file.name, preview.rows)}</strong>
            {preview.sheets.length > 1 && (
              <Select
                aria-label={t.sheet}
                value={sheet ?? null}
                disabled={busy}
                options={preview.sheets.map((name) => ({ value: name, label: name }))}
                onChange={(name: string) => doing(() => look(file, name))}
              />
            )}
            <Button disabled={busy} onClick={restart}>
              {t.another}
            </Button>
          </div>
          <Columns
            preview={preview}
            mapping={mapping}
            onChange={(changed) => {
              setMapping(changed);
              setReport(null);
            }}
          />
          <Actions preview={preview} mapping={mapping} busy={busy} onRun={run} />
        </>
      )}
      {report && <Outcome dry={report.dry} report={report.of} onRestart={restart} />}
    </div>
  );
}

interface ColumnsProps {
  preview: Preview;
  mapping: Mapping;
  onChange: (mapping: Mapping) => void;
}

function Columns({ preview, mapping, onChange }: ColumnsProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const options = useMemo(
    () =>
      preview.fields.map((field) => ({
        value: field.name,
        label: `${fieldName(field, language)}${field.required === 1 ? ' *' : ''}`,
      })),
    [preview.fields, language],
  );
  return (
    <Table<Preview['columns'][number]>
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
      rowKey="index"
      dataSource={preview.columns}
      columns={[
        {
          title: t.column,
          render: (_, column) =>
            column.heading || <span className={css.soft}>{t.unnamed(column.index + 1)}</span>,
        },
        {
          title: t.samples,
          render: (_, column) => (
            <ul className={css.samples}>
              {column.samples.map((sample, at) => (
                // Samples of a column may be alike.
                <li key={at} title={sample}>
                  {sample || '—'}
                </li>
              ))}
            </ul>
          ),
        },
        {
          title: t.field,
          render: (_, column) => (
            <Select<string>
              aria-label={t.fieldOf(column.heading || t.unnamed(column.index + 1))}
              className={css.field}
              allowClear
              showSearch={{ optionFilterProp: 'label' }}
              placeholder={t.leave}
              value={mapping.get(column.index) ?? null}
              options={options}
              onChange={(field: string | undefined) => onChange(matched(mapping, column.index, field))}
            />
          ),
        },
      ]}
    />
  );
}

interface ActionsProps {
  preview: Preview;
  mapping: Mapping;
  busy: boolean;
  onRun: (dry: boolean) => void;
}

function Actions({ preview, mapping, busy, onRun }: ActionsProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const lacking = missing(mapping, preview.fields);
  const names = lacking.map((field) => fieldName(field, language)).join(language === 'zh' ? '、' : ', ');
  return (
    <div className={css.head}>
      <Button disabled={lacking.length > 0} loading={busy} onClick={() => onRun(true)}>
        {t.tryOut}
      </Button>
      <Button type="primary" disabled={lacking.length > 0} loading={busy} onClick={() => onRun(false)}>
        {t.run}
      </Button>
      {lacking.length > 0 && <span className={css.problem}>{t.missing(names)}</span>}
    </div>
  );
}

function Outcome({ dry, report, onRestart }: { dry: boolean; report: Report; onRestart: () => void }) {
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
