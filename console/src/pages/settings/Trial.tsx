import { Alert, Table } from 'antd';
import type { Data } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { Empty } from '~/parts';
import { Link } from '~/session';
import { parse, span } from '~/time';
import css from './settings.module.css';

export type Tried = Data<'tousu.settings.set'>['moved'];

const words = texts({
  nothingMoves: ['没有投诉的时限会因此改变', 'No complaint’s deadline would move'],
  nothingMovesHint: ['新来的投诉按新规则计时。', 'New complaints will be timed by the new rules.'],
  moved: (count: number) => [`试算：${count} 件投诉的时限会改变`, `Trial: ${count} deadlines would move`],
  complaint: ['投诉单号', 'Complaint'],
  before: ['原时限', 'Deadline now'],
  after: ['新时限', 'New deadline'],
  difference: ['相差', 'Difference'],
  later: (much: string) => [`晚 ${much}`, `${much} later`],
  earlier: (much: string) => [`早 ${much}`, `${much} earlier`],
  rule: ['规则', 'Rule'],
});

/** What a change would do to complaints that are open. */
export function Trial({ moved }: { moved: Tried }) {
  const t = useTexts(words);
  const language = useLanguage();
  if (moved.length === 0) return <Empty title={t.nothingMoves} hint={t.nothingMovesHint} />;
  const difference = (before: string, after: string) => {
    const seconds = (parse(after) ?? 0) - (parse(before) ?? 0);
    return seconds > 0 ? t.later(span(seconds, language)) : t.earlier(span(seconds, language));
  };
  return (
    <>
      <Alert type="info" showIcon title={t.moved(moved.length)} className={css.full} />
      <Table
        className={css.full}
        size="small"
        scroll={{ x: 'max-content' }}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        rowKey="complaint_id"
        dataSource={moved}
        columns={[
          {
            title: t.complaint,
            // In another window: what is not saved yet stays.
            render: (_, row) => (
              <Link to={`/complaints/${encodeURIComponent(row.complaint_id)}`} target="_blank">
                {row.complaint_id}
              </Link>
            ),
          },
          { title: t.before, dataIndex: 'before', className: css.numbers },
          { title: t.after, dataIndex: 'after', className: css.numbers },
          { title: t.difference, render: (_, row) => difference(row.before, row.after) },
          { title: t.rule, render: (_, row) => `${row.rule} v${row.rule_version}` },
        ]}
      />
    </>
  );
}
