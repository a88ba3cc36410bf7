// One complaint, kept up to date, with what others did to it since one has looked.

import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { asQuery, type Complaint, call, callKey, type HistoryEntry, queryClient, type Standing } from '~/api';
import { useFollow, useVersionNow } from '~/live';
import { type Seen, seenAfter } from './seen';
import { newest, since } from './story';

const LIST = 'xe.pay_through.complaint_record.xe.b_complaints.list';

/** Between two looks at it at least, in milliseconds, however much happens in the shop. */
const PAUSE = 1_500;

export interface Whole {
  info: Complaint;
  standing: Standing;
  history: HistoryEntry[];
  /** What only the list knows. */
  channel: number | null;
  resourceType: number | null;
  /** The shop's version that was known when this was asked for. */
  at: number | null;
}

export interface Open {
  whole: Whole | undefined;
  error: unknown;
  retry: () => void;
  /** The version that one has seen, which acts are made on. */
  seen: number;
  /** What others did since. */
  unseen: HistoryEntry[];
  /** Tells that one has seen it. */
  acknowledge: () => void;
  /** Tells how it stands after one's own act. */
  acted: (standing: Standing) => void;
}

interface Options {
  signal: AbortSignal;
  shop: string;
}

/** After so many looks during which somebody did something, what was seen last has to do. */
const MOST_LOOKS = 5;

/**
 * How a complaint stands, and the history that led there: read between two looks at the standing that are the same. What
 * one has seen is told by both (`seenAfter`), and what others do in between would count as seen.
 */
async function fetchStory(complaint_id: string, options: Options) {
  let before = await call('tousu.complaint.get', { complaint_id }, options);
  for (let look = 1; ; look += 1) {
    const history = await call('tousu.complaint.history', { complaint_id }, options);
    const after = await call('tousu.complaint.get', { complaint_id }, options);
    if (after.standing.version === before.standing.version || look === MOST_LOOKS)
      return { ...after, history };
    before = after;
  }
}

async function fetchWhole(complaint_id: string, at: number | null, options: Options): Promise<Whole> {
  const [{ info, standing, history }, rows] = await Promise.all([
    fetchStory(complaint_id, options),
    call(LIST, { complaint_id, page_size: 1 }, options),
  ]);
  const row = rows.list[0];
  return {
    info,
    standing,
    history: history.list,
    channel: row?.channel_type ?? null,
    resourceType: row?.complaint_resource_type ?? null,
    at,
  };
}

const onScreen = ({ standing, history }: Whole): Seen => ({
  version: standing.version,
  entry: newest(history),
});

export function useComplaint(id: string): Open {
  const version = useVersionNow();
  const queryKey = useMemo(() => callKey('tousu.complaint.get', { complaint_id: id }), [id]);
  const query = useQuery({
    queryKey,
    queryFn: (context) => fetchWhole(id, version.current, asQuery(context)),
    staleTime: 1_000,
  });
  const { data: whole, refetch } = query;

  useFollow(whole?.at, PAUSE, () => refetch({ cancelRefetch: false }));

  const [seen, setSeen] = useState<Seen | null>(null);
  useEffect(() => {
    if (whole) setSeen((before) => seenAfter(before, onScreen(whole)));
  }, [whole]);
  const known = seen ?? (whole ? onScreen(whole) : { version: 0, entry: 0 });
  const changed = whole !== undefined && whole.standing.version > known.version;

  const unseen = useMemo(
    () => (whole && changed ? since(whole.history, known.entry) : []),
    [whole, changed, known.entry],
  );

  const acknowledge = useCallback(() => {
    const whole = queryClient.getQueryData<Whole>(queryKey);
    if (whole) setSeen(onScreen(whole));
  }, [queryKey]);

  const acted = useCallback(
    (standing: Standing) => {
      setSeen((before) => ({ version: standing.version, entry: before?.entry ?? 0 }));
      queryClient.setQueryData<Whole>(queryKey, (before) => before && { ...before, standing });
      refetch();
    },
    [queryKey, refetch],
  );

  return {
    whole,
    error: query.error,
    retry: () => refetch(),
    seen: known.version,
    unseen,
    acknowledge,
    acted,
  };
}
