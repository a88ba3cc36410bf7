// What moves by itself: the shop's version, told by the server as it moves, or asked for where that fails.

import { queryOptions, type UseQueryOptions, useQuery } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { asQuery, call, callKey, type Data, queryClient, useAhead } from '~/api';
import { SESSION_KEY, useSession } from '~/session';
import { learn, parse } from '~/time';

/** How the page hears of changes. */
export type Hearing = 'live' | 'asking' | 'offline';

/** Between two questions where nothing is told, in milliseconds. */
const ASK_EVERY = 5_000;
/** And while nobody looks at the page. */
const ASK_HIDDEN = 30_000;
/** After so long the stream that failed is tried again. */
const TRY_AGAIN = 20_000;
/** Counts move by the clock, too: what was due soon is overdue. */
const COUNT_EVERY = 60_000;

interface State {
  /** Which shop's the version is: those of two shops have nothing to do with each other. */
  shop: string;
  version: number | null;
  hearing: Hearing;
}

let state: State = { shop: '', version: null, hearing: 'asking' };
const listeners = new Set<() => void>();

function become(next: Partial<State>) {
  const after = { ...state, ...next };
  if (after.shop === state.shop && after.version === state.version && after.hearing === state.hearing) return;
  state = after;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const useHeard = () => useSyncExternalStore(subscribe, () => state);

/** The shop's version, as last heard; `null` as long as nothing was heard of this one. */
export function useVersion(): number | null {
  const { shop } = useSession();
  const heard = useHeard();
  return heard.shop === shop.app_id ? heard.version : null;
}

/** How changes are heard of. */
export const useHearing = (): Hearing => useHeard().hearing;

function heard(shop: string, version: number) {
  if (shop === state.shop && (state.version === null || version > state.version)) become({ version });
}

/**
 * Listens to the shop's changes as long as the page is seen. A hidden page lets go of its stream, since a browser
 * gives one host six connections in all, and asks now and then.
 */
export function useListening() {
  const { shop } = useSession();
  useAhead(countsNow());
  useEffect(() => {
    let stream: EventSource | null = null;
    let again: ReturnType<typeof setTimeout> | undefined;

    const listen = () => {
      clearTimeout(again);
      stream?.close();
      stream = new EventSource(`/events?app_id=${encodeURIComponent(shop.app_id)}`);
      stream.addEventListener('version', (event) => {
        const version = versionOf(event.data);
        if (version === null) return;
        heard(shop.app_id, version);
        become({ hearing: 'live' });
      });
      stream.addEventListener('error', () => {
        become({ hearing: navigator.onLine ? 'asking' : 'offline' });
        // The browser tries again by itself, unless it was refused: then something is different about who one is.
        if (stream?.readyState !== EventSource.CLOSED) return;
        queryClient.invalidateQueries({ queryKey: SESSION_KEY });
        again = setTimeout(listen, TRY_AGAIN);
      });
    };

    const attend = () => {
      if (document.visibilityState === 'visible') {
        listen();
      } else {
        clearTimeout(again);
        stream?.close();
        become({ hearing: 'asking' });
      }
    };

    become({ shop: shop.app_id, version: null, hearing: 'asking' });
    attend();
    document.addEventListener('visibilitychange', attend);
    addEventListener('online', attend);
    return () => {
      document.removeEventListener('visibilitychange', attend);
      removeEventListener('online', attend);
      clearTimeout(again);
      stream?.close();
    };
  }, [shop.app_id]);

  const hearing = useHearing();
  const version = useVersion();

  // Where nothing is told, the counts are asked for often: they say the version.
  const asked = useCounts({
    refetchInterval: () => {
      if (document.visibilityState === 'hidden') return ASK_HIDDEN;
      return hearing === 'live' ? COUNT_EVERY : ASK_EVERY;
    },
    refetchIntervalInBackground: true,
  }).data?.version;

  useEffect(() => {
    if (asked !== undefined) heard(shop.app_id, asked);
  }, [asked, shop.app_id]);

  useEffect(() => {
    if (version !== null && version !== asked) {
      queryClient.invalidateQueries({ queryKey: callKey('tousu.queue.get') });
    }
  }, [version, asked]);
}

function versionOf(data: unknown): number | null {
  try {
    const { version } = JSON.parse(String(data)) as { version?: unknown };
    return typeof version === 'number' ? version : null;
  } catch {
    return null;
  }
}

/** How many complaints wait, and how long, as it is asked for. */
const countsNow = () =>
  queryOptions({
    queryKey: callKey('tousu.queue.get', {}),
    queryFn: async (context) => {
      const counts = await call('tousu.queue.get', {}, asQuery(context));
      // Told as it comes: of an answer that is looked at later, the time is over.
      const serverNow = parse(counts.as_of);
      if (serverNow !== null) learn(serverNow);
      return counts;
    },
    staleTime: 1_000,
  });

type Every = Pick<
  UseQueryOptions<Data<'tousu.queue.get'>>,
  'refetchInterval' | 'refetchIntervalInBackground'
>;

/** How many complaints wait, and how long. */
export function useCounts(options: Every = {}) {
  return useQuery<Data<'tousu.queue.get'>>({ ...countsNow(), ...options });
}
