// The queue's rows: a page of what is looked for, kept up to date without moving what one reads.

import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { startTransition, useCallback, useEffect, useRef, useState } from 'react';
import { asQuery, call, callKey, type Data, type Params, type SearchRow, useAhead } from '~/api';
import { useCounts, useFollow, useVersionNow } from '~/live';
import { now } from '~/time';
import { conditions, type Filter, looked, narrowed } from './filter';
import { anew, caughtUp, merged, type Shown } from './merge';
import { useNewcomers } from './use-newcomers';

/** Between two looks at the list at least, in milliseconds, however much happens in the shop. */
const PAUSE = 1_000;
/** What a total at least is worth counting for: it may cost the server more than the page. */
const TOTAL_STALE = 10_000;

const SEARCH = 'tousu.complaint.search';
type Asked = Params<typeof SEARCH>;

interface Page extends Data<typeof SEARCH> {
  /** The shop's version that was known when it was asked for. */
  at: number | null;
  /** When that was, in epoch seconds. */
  asked: number;
}

/** What is on the screen. */
interface Screen {
  /** Of which page of which filter. */
  id: string;
  shown: Shown<SearchRow>;
  /** The page that one saw last as it was then; what came in later is new to the reader. */
  seen: Page | null;
}

export interface Queue {
  /** Tells the page of the filter that is shown from any other. */
  id: string;
  shown: Shown<SearchRow>;
  /** How many have come in that are on other pages. */
  elsewhere: number;
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

  const options = queryOptions({
    queryKey: key,
    queryFn: async (context): Promise<Page> => {
      const [at, moment] = [version.current, now()];
      const asked: Asked = { ...conditions(filter, moment, hours), sort, page_size: size };
      if (page > 1) asked.page_index = page;
      return { ...(await call(SEARCH, asked, asQuery(context))), at, asked: moment };
    },
    staleTime: PAUSE,
    gcTime: 60_000,
  });
  useAhead(options, ready);
  const query = useQuery({ ...options, enabled: ready, placeholderData: keepPreviousData });
  const { data, refetch, isPlaceholderData } = query;

  // The tabs' counts are known without counting.
  const isNarrowed = narrowed(filter);
  const totalQuery = useQuery({
    queryKey: callKey(SEARCH, { total: looked(filter), soon }),
    queryFn: async (context) => {
      const asked: Asked = { ...conditions(filter, now(), hours), page_size: 1, with_total: 1 };
      return (await call(SEARCH, asked, asQuery(context))).total ?? null;
    },
    enabled: ready && isNarrowed,
    staleTime: TOTAL_STALE,
  });

  const id = JSON.stringify(key);
  const [screen, setScreen] = useState<Screen>({ id: '', shown: anew([]), seen: null });
  const reading = useRef(isReading);
  reading.current = isReading;

  useEffect(() => {
    if (!data || isPlaceholderData) return;
    const isRead = reading.current();
    // A page of a hundred rows is drawn in parts, between which one can type and scroll.
    startTransition(() =>
      setScreen((before) =>
        before.id === id
          ? { ...before, shown: merged(before.shown, data.list, isRead) }
          : { id, shown: anew(data.list), seen: data },
      ),
    );
  }, [data, isPlaceholderData, id]);

  useFollow(isPlaceholderData ? undefined : data?.at, PAUSE, () => {
    if (isNarrowed) totalQuery.refetch({ cancelRefetch: false });
    return refetch({ cancelRefetch: false });
  });

  /** Shows that page as it is, unless another one is on the screen by now. */
  const show = useCallback(
    (page: Page | undefined) => {
      if (!page) return;
      setScreen((before) =>
        before.id === id ? { id, shown: caughtUp(before.shown, page.list), seen: page } : before,
      );
    },
    [id],
  );
  const catchUp = useCallback(
    () => show(isPlaceholderData ? undefined : data),
    [show, data, isPlaceholderData],
  );
  const refresh = useCallback(() => {
    refetch().then(({ data, isPlaceholderData }) => show(isPlaceholderData ? undefined : data));
  }, [refetch, show]);

  const old = screen.id !== id;
  const { seen } = screen;
  const elsewhere = useNewcomers(
    filter,
    hours,
    data && seen && !old && !isPlaceholderData
      ? { since: seen.asked, before: seen.at, at: data.at, rows: data.list }
      : null,
  );

  return {
    id: screen.id,
    shown: screen.shown,
    elsewhere,
    total: isNarrowed ? (totalQuery.data ?? null) : countOf(filter, counts),
    pending: screen.id === '' && !query.error,
    old,
    error: query.error,
    catchUp,
    refresh,
  };
}

/** How many complaints the filter's tab has. */
function countOf({ tab }: Filter, counts: Data<'tousu.queue.get'> | undefined): number | null {
  if (!counts) return null;
  return tab === 'all' ? counts.pending + counts.processing + counts.done : counts[tab];
}
