// Calls as queries and mutations. What is asked of a shop is kept under the shop's key, so that a switch of shops
// shows nothing of the other.

import {
  type FetchQueryOptions,
  QueryClient,
  type QueryKey,
  type UseMutationOptions,
  type UseQueryOptions,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import { call, caller } from './call';
import type { Data, Interface, Params } from './endpoints';
import { CODE, isCode } from './failure';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // `call` has patience already; only a network that is gone is worth more.
      retry: (failures, error) => isCode(error, CODE.offline) && failures < 2,
      staleTime: 5_000,
      refetchOnWindowFocus: false,
    },
  },
});

/** The key of what an interface says about the chosen shop; without parameters, of all that it says. */
export const callKey = (name: Interface, params?: object): QueryKey =>
  params === undefined ? ['shop', caller.shop, name] : ['shop', caller.shop, name, params];

/**
 * How a query calls: for the shop of its key, whichever is chosen by then, and as long as somebody waits for it. Without
 * it the answer of one shop could be kept as another's.
 */
export const asQuery = ({ queryKey, signal }: { queryKey: QueryKey; signal: AbortSignal }) => ({
  signal,
  shop: String(queryKey[1]),
});

/** What an interface says about the chosen shop. */
export function useCall<N extends Interface>(
  name: N,
  params: Params<N>,
  options: Omit<UseQueryOptions<Data<N>>, 'queryKey' | 'queryFn'> = {},
) {
  return useQuery<Data<N>>({
    queryKey: callKey(name, params),
    queryFn: (context) => call(name, params, asQuery(context)),
    ...options,
  });
}

/** Begins to ask while a page is drawn for the first time, not after: that takes as long as the answer. */
export function useAhead<T>(options: FetchQueryOptions<T>, known = true) {
  if (known && queryClient.getQueryState(options.queryKey) === undefined) queryClient.prefetchQuery(options);
}

/** An interface that changes something. */
export function useAct<N extends Interface>(
  name: N,
  options: Omit<UseMutationOptions<Data<N>, Error, Params<N>>, 'mutationFn'> = {},
) {
  return useMutation<Data<N>, Error, Params<N>>({
    // A call that is offline fails at once and says so, instead of waiting unseen.
    networkMode: 'always',
    mutationFn: (params) => call(name, params),
    ...options,
  });
}
