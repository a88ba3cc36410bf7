// Complaints that came in while one looks at a page on which they are not: sorted by deadline they are far behind.

import { useQuery } from '@tanstack/react-query';
import { asQuery, call, callKey, type Params, type SearchRow } from '~/api';
import { dateTime, now } from '~/time';
import { conditions, type Filter, looked } from './filter';

const SEARCH = 'tousu.complaint.search';

/** What one has seen, and what there is now. */
export interface Seen {
  /** From when on what came in is new to the reader, in epoch seconds: all that came in within this second is. */
  since: number;
  /** The shop's version by then. */
  before: number | null;
  /** And that of the page as it is now. */
  at: number | null;
  /** Which is this. */
  rows: readonly SearchRow[];
}

/** Those of the filter that came in since then; `null` where its own end is before that. */
export function sinceThen(asked: Params<typeof SEARCH>, since: number): Params<typeof SEARCH> | null {
  const start = dateTime(since);
  if (asked.end_time && asked.end_time < start) return null;
  return { ...asked, start_time: asked.start_time && asked.start_time > start ? asked.start_time : start };
}

/** How many have come in that are on another page than this one. */
export function useNewcomers(filter: Filter, dueSoonHours: number, seen: Seen | null): number {
  // The newest are on the first page of the newest, and what is done is not new.
  const here = filter.sort === 'complaint_time' && filter.page === 1;
  const wanted = seen !== null && seen.at !== seen.before && !here && filter.tab !== 'done';
  const { data = 0 } = useQuery({
    queryKey: callKey(SEARCH, { looked: looked(filter), since: seen?.since, at: seen?.at }),
    queryFn: async (context) => {
      const asked = sinceThen(conditions(filter, now(), dueSoonHours), seen?.since ?? now());
      if (!asked) return 0;
      const found = await call(SEARCH, { ...asked, page_size: 1, with_total: 1 }, asQuery(context));
      return found.total ?? 0;
    },
    enabled: wanted,
    // The number goes on standing there while the next is asked for, but not that of another filter.
    placeholderData: (before: number | undefined, query) =>
      isOf(query?.queryKey, filter, seen) ? before : undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
  });
  if (!wanted) return 0;
  const start = dateTime(seen.since);
  const onPage = seen.rows.filter((row) => row.complaint_time >= start).length;
  return Math.max(0, data - onPage);
}

function isOf(key: readonly unknown[] | undefined, filter: Filter, seen: Seen | null): boolean {
  const before = key?.[3] as { looked?: unknown; since?: unknown } | undefined;
  return before?.since === seen?.since && JSON.stringify(before?.looked) === JSON.stringify(looked(filter));
}
