// The columns there are, which of them are shown at first, and what stands in them.

import { type ReactNode, useMemo } from 'react';
import type { SearchRow } from '~/api';
import { texts, useTexts } from '~/i18n';
import { label, TYPES } from '~/labels';
import { ChannelTag, Copy, Countdown, SourceText, StateTag, StepText, UserTags, When } from '~/parts';
import css from './columns.module.css';

export const COLUMNS = [
  'left',
  'reason',
  'channel',
  'order',
  'state',
  'assignee',
  'complained',
  'id',
  'tags',
  'complainant',
  'deadline',
  'operated',
  'changed',
  'closed',
  'type',
] as const;
export type Column = (typeof COLUMNS)[number];

const AT_FIRST: readonly Column[] = ['left', 'reason', 'channel', 'order', 'state', 'assignee', 'complained'];
/** Without these a row says nothing. */
export const ALWAYS: readonly Column[] = ['reason'];

/** The columns that were kept, in the order in which they are shown. */
export function keptColumns(kept: unknown): readonly Column[] {
  if (!Array.isArray(kept)) return AT_FIRST;
  const wanted = COLUMNS.filter((column) => kept.includes(column) || ALWAYS.includes(column));
  return wanted.length > ALWAYS.length ? wanted : AT_FIRST;
}

const words = texts({
  left: ['剩余时间', 'Time left'],
  reason: ['问题描述', 'Reason'],
  channel: ['渠道/来源', 'Channel'],
  order: ['订单/资源', 'Order'],
  state: ['状态/步骤', 'State'],
  assignee: ['处理人', 'Assignee'],
  complained: ['投诉时间', 'Complained'],
  id: ['投诉单号', 'Number'],
  tags: ['标签', 'Tags'],
  complainant: ['投诉人', 'Complainant'],
  deadline: ['处理最后时限', 'Deadline'],
  operated: ['操作时间', 'Window opened'],
  changed: ['变更时间', 'Changed'],
  closed: ['结单时间', 'Closed'],
  type: ['投诉类型', 'Type'],
  nobody: ['未分派', 'Nobody'],
  over: ['已结束', 'Over'],
  wasLate: ['超时完成', 'Done late'],
  wasInTime: ['按时完成', 'Done in time'],
  gone: ['已不在本页', 'No longer on this page'],
  new: ['新', 'New'],
});

export const useColumnNames = () => useTexts(words);

export const DONE = 2;

/** What is left of a row's time, or how it went. */
export function Left({ row }: { row: SearchRow }) {
  const t = useTexts(words);
  if (row.state !== DONE) return <Countdown until={row.operate_end_time} />;
  return row.is_overtime === 2 ? (
    <span className={css.wasLate}>{t.wasLate}</span>
  ) : (
    <span className={css.soft}>{t.wasInTime}</span>
  );
}

export function Assignee({ name }: { name: string }) {
  const t = useTexts(words);
  return <span className={name ? undefined : css.soft}>{name || t.nobody}</span>;
}

function Reason({ row, showId, showTags, gone, fresh, href }: ReasonProps) {
  const t = useTexts(words);
  return (
    <div className={css.reason}>
      <a className={css.reasonText} href={href} title={row.complaint_reason}>
        {row.complaint_reason}
      </a>
      <span className={css.under}>
        {fresh ? <span className={css.fresh}>{t.new}</span> : null}
        {gone ? <span className={css.goneMark}>{t.gone}</span> : null}
        {showId ? <span className={css.id}>{row.complaint_id}</span> : null}
        {showTags ? <UserTags names={row.tags} /> : null}
      </span>
    </div>
  );
}

interface ReasonProps {
  row: SearchRow;
  showId: boolean;
  showTags: boolean;
  gone: boolean;
  fresh: boolean;
  href: string;
}

export interface RowMarks {
  gone: ReadonlySet<string>;
  fresh: ReadonlySet<string>;
  href: (row: SearchRow) => string;
}

export interface QueueColumn {
  key: Column;
  title: string;
  /** In pixels; the one without has the room that is left. */
  width?: number;
  render: (row: SearchRow) => ReactNode;
}

/** The table's columns, those that were chosen. */
export function useColumns(chosen: readonly Column[], marks: RowMarks): readonly QueueColumn[] {
  const t = useTexts(words);
  return useMemo(() => {
    const all = columnsFor(chosen, marks);
    return chosen.map((key) => ({ key, title: t[key], ...all[key] }));
  }, [chosen, marks, t]);
}

function columnsFor(
  chosen: readonly Column[],
  marks: RowMarks,
): Record<Column, Omit<QueueColumn, 'title' | 'key'>> {
  return {
    left: { width: 168, render: (row) => <Left row={row} /> },
    reason: {
      render: (row) => (
        <Reason
          row={row}
          showId={!chosen.includes('id')}
          showTags={!chosen.includes('tags')}
          gone={marks.gone.has(row.complaint_id)}
          fresh={marks.fresh.has(row.complaint_id)}
          href={marks.href(row)}
        />
      ),
    },
    channel: {
      width: 140,
      render: (row) => (
        <div className={css.two}>
          <ChannelTag channel={row.channel_type} />
          <span className={css.under}>
            <SourceText source={row.complaint_from} />
          </span>
        </div>
      ),
    },
    order: {
      width: 128,
      render: (row) =>
        row.complaint_resource_id ? (
          <span className={css.order} title={row.complaint_resource_id}>
            <span className={css.id}>{row.complaint_resource_id}</span>
            <Copy text={row.complaint_resource_id} />
          </span>
        ) : null,
    },
    state: {
      width: 128,
      render: (row) => (
        <div className={css.two}>
          <StateTag state={row.state} />
          <span className={css.under}>
            <StepText step={row.current_step} detailStep={row.detail_step} />
          </span>
        </div>
      ),
    },
    assignee: { width: 84, render: (row) => <Assignee name={row.assignee} /> },
    complained: { width: 108, render: (row) => <TwoLines at={row.complaint_time} /> },
    id: {
      width: 218,
      render: (row) => (
        <span className={css.whole}>
          <span className={css.id}>{row.complaint_id}</span>
          <Copy text={row.complaint_id} />
        </span>
      ),
    },
    tags: { width: 140, render: (row) => <UserTags names={row.tags} /> },
    complainant: {
      width: 116,
      render: (row) => <span className={css.number}>{row.complainant_phone}</span>,
    },
    deadline: { width: 116, render: (row) => <TwoLines at={row.operate_end_time} /> },
    operated: { width: 116, render: (row) => <TwoLines at={row.operate_time} /> },
    changed: { width: 116, render: (row) => <TwoLines at={row.changed_at} /> },
    closed: { width: 116, render: (row) => <TwoLines at={row.closed_at} /> },
    type: { width: 100, render: (row) => label(TYPES, row.complaint_type) },
  };
}

function TwoLines({ at }: { at: string }) {
  return (
    <span className={css.time}>
      <When at={at} />
    </span>
  );
}

/** How wide the table is at least before it scrolls sideways. */
export function tableWidth(columns: readonly QueueColumn[]): number {
  const MIN_REASON = 200;
  const SELECTION = 44;
  return columns.reduce((sum, column) => sum + (column.width ?? MIN_REASON), SELECTION);
}
