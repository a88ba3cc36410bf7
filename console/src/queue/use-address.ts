// The queue's address: what is looked for, and which complaint is open beside the list.

import { useCallback, useMemo } from 'react';
import { useAddress } from '~/parts/address';
import { changed, type Filter, fromAddress, withOpen } from './filter';

export interface QueueAddress {
  filter: Filter;
  open: string | null;
  /** Looks for something else, in that part. */
  change: (part: Partial<Filter>) => void;
  /** Opens a complaint beside the list; `null` closes it. */
  choose: (id: string | null) => void;
}

export function useQueueAddress(): QueueAddress {
  const [search, setSearch] = useAddress();
  const filter = useMemo(() => fromAddress(search), [search]);
  const change = useCallback((part: Partial<Filter>) => setSearch((now) => changed(now, part)), [setSearch]);
  const choose = useCallback(
    (id: string | null) => {
      // From one complaint to the next is one step back, not many.
      const replace = id !== null && new URLSearchParams(location.search).has('open');
      setSearch((now) => withOpen(now, id), { replace });
    },
    [setSearch],
  );
  return { filter, open: search.get('open'), change, choose };
}
