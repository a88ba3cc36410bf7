// One complaint, kept up to date, with what others did to it since one has looked.

import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Complaint, call, callKey, type HistoryEntry, queryClient, type Standing } from '~/api';
import { useFollow, useVersionNow } from '~/live';
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

async function fetchWhole(complaint_id: string, at: number | null, signal: AbortSignal): Promise<Whole> {
  const options = { signal };
  const [{ info, standing }, history, rows] = await Promise.all([
    call('tousu.complaint.get', { complaint_id }, options),
    call('tousu.complaint.history', { complaint_id }, options),
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

export function useComplaint(id: string): Open {
  const version = useVersionNow();
  const queryKey = useMemo(() => callKey('tousu.complaint.get', { complaint_id: id }), [id]);
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => fetchWhole(id, version.current, signal),
    staleTime: 1_000,
  });
  const { data: whole, refetch } = query;

  useFollow(whole?.at, PAUSE, () => refetch({ cancelRefetch: false }));

  const [seen, setSeen] = useState<{ version: number; entry: number } | null>(null);
  const look = (at: Whole) => ({ version: at.standing.version, entry: newest(at.history) });
  // What is seen first, and what follows from one's own act, is seen.
  const known = seen ?? (whole ? look(whole) : { version: 0, entry: 0 });
  const changed = whole !== undefined && whole.standing.version > known.version;
  useEffect(() => {
    if (whole && (seen === null || (!changed && newest(whole.history) > seen.entry))) {
      setSeen({
        version: Math.max(seen?.version ?? 0, whole.standing.version),
        entry: newest(whole.history),
      });
    }
  }, [whole, seen, changed]);

  const unseen = useMemo(
    () => (whole && changed ? since(whole.history, known.entry) : []),
    [whole, changed, known.entry],
  );

  const acknowledge = useCallback(() => {
    const whole = queryClient.getQueryData<Whole>(queryKey);
    if (whole) setSeen({ version: whole.standing.version, entry: newest(whole.history) });
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
