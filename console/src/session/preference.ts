// What a user has set up for a shop, kept by the server so that it is there on every machine.

import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { call, callKey, useCall } from '~/api';

/**
 * A preference and how to change it. `read`, the same function each time, takes what was kept, whatever that is, and
 * gives what is meant. Whether it is known comes last: what is not known is not to be changed, since that would take
 * away what was kept.
 */
export function usePreference<T>(
  key: string,
  read: (kept: unknown) => T,
): [T, (value: unknown) => void, boolean] {
  const client = useQueryClient();
  const params = { key };
  const query = useCall('tousu.preference.get', params, { staleTime: Number.POSITIVE_INFINITY });
  const set = useCallback(
    (value: unknown) => {
      const queryKey = callKey('tousu.preference.get', { key });
      const before = client.getQueryData(queryKey);
      // Shown at once; taken back if it is not kept.
      client.setQueryData(queryKey, { value });
      call('tousu.preference.set', { key, value }).catch(() => client.setQueryData(queryKey, before));
    },
    [client, key],
  );
  const kept = query.data?.value;
  return [useMemo(() => read(kept), [read, kept]), set, query.isSuccess];
}
