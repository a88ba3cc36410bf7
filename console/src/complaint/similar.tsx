// Other complaints of the same person, or about the same order or resource.

import type { ReactNode } from 'react';
import { type SearchRow, useCall } from '~/api';
import { texts, useTexts } from '~/i18n';
import { Failed, Loading, StateTag, When } from '~/parts';
import { queueLink } from '~/queue/filter';
import { Link } from '~/session';
import css from './similar.module.css';
import type { Whole } from './use-complaint';

const words = texts({
  user: ['同一投诉人', 'Same person'],
  order: ['同一订单或资源', 'Same order or resource'],
  none: ['没有相似的投诉', 'None'],
  uncertain: ['仅脱敏手机号相同', 'Only the masked phone is the same'],
  all: ['在队列中查看', 'Show in the queue'],
});

export function Similar({ whole }: { whole: Whole }) {
  const t = useTexts(words);
  const { complaint_id, complaint_resource_id } = whole.info;
  const { data, error, refetch } = useCall(
    'tousu.complaint.similar',
    { complaint_id },
    { staleTime: 60_000 },
  );
  if (error) return <Failed error={error} retry={() => refetch()} />;
  if (!data) return <Loading lines={2} />;
  if (data.by_user.length + data.by_order.length === 0) return <p className={css.none}>{t.none}</p>;
  return (
    <div className={css.similar}>
      <Group name={t.user} rows={data.by_user} note={(row) => (row.certain === 1 ? null : t.uncertain)} />
      <Group name={t.order} rows={data.by_order}>
        <Link to={queueLink({ tab: 'all', order: complaint_resource_id })}>{t.all}</Link>
      </Group>
    </div>
  );
}

interface GroupProps<R extends SearchRow> {
  name: string;
  rows: readonly R[];
  /** What is to be said of a row beside it. */
  note?: (row: R) => string | null;
  children?: ReactNode;
}

function Group<R extends SearchRow>({ name, rows, note, children }: GroupProps<R>) {
  if (rows.length === 0) return null;
  return (
    <section>
      <h4 className={css.name}>
        {name} <span>{rows.length}</span>
        {children}
      </h4>
      <ul>
        {rows.map((row) => (
          <li key={row.complaint_id} className={css.row}>
            <StateTag state={row.state} />
            <Link
              className={css.reason}
              to={`/complaints/${encodeURIComponent(row.complaint_id)}`}
              title={row.complaint_reason}
            >
              {row.complaint_reason}
            </Link>
            {note?.(row) ? <span className={css.note}>{note(row)}</span> : null}
            <When at={row.complaint_time} beside={false} />
          </li>
        ))}
      </ul>
    </section>
  );
}
