// The queue's rows: a page of what is looked for, kept up to date without moving what one reads.

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { call, callKey, type Data, type Params, type SearchRow } from '~/api';
import { useCounts, useFollow, useVersionNow } from '~/live';
import { now } from '~/time';
import { conditions, type Filter, narrowed } from './filter';
import { anew, caughtUp, merged, type Shown } from './merge';

/** Between two looks at the list at least, in milliseconds, however much happens in the shop. */
const PAUSE = 1_000;
/** What a total at least is worth counting for: it may cost the server more than the page. */
const TOTAL_STALE = 10_000;

/** With the shop's version that was known when it was asked for. */
type Page = Data<'tousu.complaint.search'> & { at: number | null };
type Asked = Params<'tousu.complaint.search'>;

const SEARCH = 'tousu.complaint.search';

/** The part of the filter that decides which complaints are found. */
const looked = ({ page: _, size: __, sort: ___, ...rest }: Filter) => rest;

export interface Queue {
  shown: Shown<SearchRow>;
  /** How many are found in all; `null` as long as that is not known. */
  total: number | null;
  /** Nothing to show yet. */
  pending: boolean;
  /** What is shown is of the page or filter before; the next is on its way, or failed. */
  old: boolean;
  error: unknown;
  /** Shows what waits. */
  catchUp: () => void;
  /** Asks again, and shows all as it is then. */
  refresh: () => void;
}

/** The queue as that filter has it. `isReading` tells whether somebody would mind if rows moved. */
export function useQueue(filter: Filter, isReading: () => boolean): Queue {
  const counts = useCounts().data;
  const version = useVersionNow();
  const hours = counts?.due_soon_hours ?? 4;
  // What is due soon is the shop's decision, which the counts tell.
  const soon = filter.tab === 'due_soon' ? counts?.due_soon_hours : undefined;
  const ready = filter.tab !== 'due_soon' || counts !== undefined;
  const { page, size, sort } = filter;
  const key = callKey(SEARCH, { looked: looked(filter), page, size, sort, soon });

  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }): Promise<Page> => {
      const at = version.current;
      const asked: Asked = { ...conditions(filter, now(), hours), sort, page_size: size };
      return { ...(await call(SEARCH, page > 1 ? { ...asked, page_index: page } : asked, { signal })), at };
    },
    enabled: ready,
    placeholderData: keepPreviousData,
    staleTime: PAUSE,
    gcTime: 60_000,
  });
  const { data, refetch, isPlaceholderData } = query;

  // The tabs' counts are known without counting.
  const counted = narrowed(filter) ? null : countOf(filter, counts);
  const totalQuery = useQuery({
    queryKey: callKey(SEARCH, { total: looked(filter), soon }),
    queryFn: async ({ signal }) => {
      const asked: Asked = { ...conditions(filter, now(), hours), page_size: 1, with_total: 1 };
      return (await call(SEARCH, asked, { signal })).total ?? null;
    },
    enabled: ready && narrowed(filter),
    staleTime: TOTAL_STALE,
  });

  const id = JSON.stringify(key);
  const [state, setState] = useState<{ id: string; shown: Shown<SearchRow> }>({ id: '', shown: anew([]) });
  const reading = useRef(isReading);
  reading.current = isReading;

  useEffect(() => {
    if (!data || isPlaceholderData) return;
    setState((before) => ({
      id,
      shown: before.id === id ? merged(before.shown, data.list, reading.current()) : anew(data.list),
    }));
  }, [data, isPlaceholderData, id]);

  useFollow(isPlaceholderData ? undefined : data?.at, PAUSE, () => {
    refetch({ cancelRefetch: false });
    if (narrowed(filter)) totalQuery.refetch({ cancelRefetch: false });
  });

  const catchUp = useCallback(() => {
    if (data)
      setState((before) => (before.id === id ? { id, shown: caughtUp(before.shown, data.list) } : before));
  }, [data, id]);

  const refresh = useCallback(() => {
    refetch().then(({ data }) => {
      // Another filter may be chosen by now.
      if (data)
        setState((before) => (before.id === id ? { id, shown: caughtUp(before.shown, data.list) } : before));
    });
  }, [refetch, id]);

  return {
    shown: state.shown,
    total: counted ?? (narrowed(filter) ? (totalQuery.data ?? null) : null),
    pending: state.id === '' && !query.error,
    old: state.id !== id,
    error: query.error,
    catchUp,
    refresh,
  };
}

function countOf(filter: Filter, counts: Data<'tousu.queue.get'> | undefined): number | null {
  if (!counts) return null;
  switch (filter.tab) {
    case 'all':
      return counts.pending + counts.processing + counts.done;
    default:
      return counts[filter.tab];
  }
}
