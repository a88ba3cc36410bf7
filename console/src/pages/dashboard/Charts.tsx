import { useMemo } from 'react';
import type { Data } from '~/api';
import { useLanguage, useTexts } from '~/i18n';
import { CHANNELS, label, SOURCES } from '~/labels';
import { Empty } from '~/parts';
import { type Filter, queueLink } from '~/queue/filter';
import { Breakdown, Card, type Counted, Course } from './Breakdown';
import css from './dashboard.module.css';
import { FigureTable } from './FigureTable';
import { type Days, everyDay } from './range';
import { TEXTS } from './texts';

interface Props {
  stats: Data<'tousu.stats.get'>;
  days: Days | undefined;
  /** What the figures count, as the queue has it. */
  filter: Partial<Filter>;
}

const OPEN = [0, 1];

/** Where complaints come from and who works on them, in a range. */
export function Charts({ stats, days, filter }: Props) {
  const t = useTexts(TEXTS);
  const language = useLanguage();
  const parts = useMemo(() => {
    const counted = (
      key: string,
      label: string,
      row: { total: number; overtime: number },
      more: Partial<Filter>,
    ): Counted => {
      const meant = { ...filter, ...more };
      return {
        key,
        label,
        total: row.total,
        overtime: row.overtime,
        to: queueLink(meant),
        lateTo: queueLink({ ...meant, overtime: 2 }),
      };
    };
    const byDay = everyDay(stats.by_day, days, (day) => ({ day, total: 0, overtime: 0 }));
    return {
      days: byDay.map((row) => counted(row.day, row.day.slice(5), row, { from: row.day, to: row.day })),
      hours: stats.by_hour.map((row) => counted(`${row.hour}`, `${row.hour}:00`, row, { hour: [row.hour] })),
      channels: stats.by_channel.map((row) =>
        counted(`${row.channel_type}`, label(CHANNELS, row.channel_type, language), row, {
          channel: [row.channel_type],
        }),
      ),
      sources: [...stats.by_source]
        .sort((a, b) => b.total - a.total)
        .map((row) =>
          counted(`${row.complaint_from}`, label(SOURCES, row.complaint_from, language), row, {
            source: [row.complaint_from],
          }),
        ),
    };
  }, [stats, days, filter, language]);

  if (stats.total === 0) return <Empty title={t.none} hint={t.noneLead} />;
  return (
    <>
      <Course title={t.byDay} heading={t.day} rows={parts.days} />
      <div className={css.cards}>
        <div className={css.column}>
          <Breakdown title={t.byChannel} heading={t.channel} rows={parts.channels} />
          <Assignees rows={stats.by_assignee} filter={filter} />
        </div>
        <Breakdown title={t.bySource} heading={t.source} rows={parts.sources} />
      </div>
      <Course title={t.byHour} heading={t.hour} rows={parts.hours} />
      <Resources rows={stats.by_resource} filter={filter} />
    </>
  );
}

function Assignees({
  rows,
  filter,
}: {
  rows: Data<'tousu.stats.get'>['by_assignee'];
  filter: Partial<Filter>;
}) {
  const t = useTexts(TEXTS);
  const whose = (assignee: string) => (assignee === '' ? { unassigned: true } : { assignee: [assignee] });
  return (
    <Card title={t.byAssignee}>
      <FigureTable
        caption={t.byAssignee}
        late={1}
        headings={[t.assignee, t.open, t.overdue, t.closed]}
        rows={rows.map(({ assignee, open, overdue, closed }) => {
          const meant = { ...filter, ...whose(assignee) };
          return {
            key: assignee,
            label: assignee || t.nobody,
            figures: [
              { value: open, to: queueLink({ ...meant, state: OPEN }) },
              { value: overdue, to: queueLink({ ...meant, tab: 'overdue' }) },
              { value: closed, to: queueLink({ ...meant, tab: 'done' }) },
            ],
          };
        })}
      />
    </Card>
  );
}

function Resources({
  rows,
  filter,
}: {
  rows: Data<'tousu.stats.get'>['by_resource'];
  filter: Partial<Filter>;
}) {
  const t = useTexts(TEXTS);
  return (
    <Card title={t.byResource} lead={t.byResourceLead}>
      <FigureTable
        caption={t.byResource}
        late={2}
        headings={[t.resource, t.total, t.open, t.overtime]}
        rows={rows.map((row) => {
          const meant = { ...filter, order: row.complaint_resource_id };
          return {
            key: row.complaint_resource_id,
            label: <code title={row.complaint_resource_id}>{row.complaint_resource_id}</code>,
            figures: [
              { value: row.total, to: queueLink(meant) },
              { value: row.open, to: queueLink({ ...meant, state: OPEN }) },
              { value: row.overtime, to: queueLink({ ...meant, overtime: 2 }) },
            ],
          };
        })}
      />
    </Card>
  );
}
