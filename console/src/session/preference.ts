// What a user has set up for a shop, kept by the server so that it is there on every machine.

import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { call, callKey, useCall } from '~/api';
import { useSession } from './session';

export interface Preference<T> {
  value: T;
  /** Shown at once, and kept soon after. */
  set: (value: unknown) => void;
  /** What is not known yet is not to be changed, since that would take away what was kept. */
  known: boolean;
  /** Why the last change was not kept and is taken back. */
  problem: unknown;
}

/** Changes go to the server one after the other: what was chosen last is what stays. */
let before: Promise<unknown> = Promise.resolve();

/** A preference and how to change it. `read`, the same function each time, makes sense of what was kept, whatever that is. */
export function usePreference<T>(key: string, read: (kept: unknown) => T): Preference<T> {
  const client = useQueryClient();
  const { shop } = useSession();
  const { app_id } = shop;
  const [problem, setProblem] = useState<unknown>(null);
  const query = useCall('tousu.preference.get', { key }, { staleTime: Number.POSITIVE_INFINITY });
  const set = useCallback(
    (value: unknown) => {
      const queryKey = callKey('tousu.preference.get', { key });
      setProblem(null);
      client.setQueryData(queryKey, { value });
      before = before
        .then(() => call('tousu.preference.set', { key, value }, { shop: app_id }))
        .catch((error: unknown) => {
          setProblem(error);
          // As the server has it.
          return client.invalidateQueries({ queryKey });
        });
    },
    [client, key, app_id],
  );
  const kept = query.data?.value;
  return { value: useMemo(() => read(kept), [read, kept]), set, known: query.isSuccess, problem };
}
