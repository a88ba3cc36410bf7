// The query of the address, which says what a page shows.

import { useCallback, useMemo } from 'react';
import { useLocation, useNavigate } from 'react-router';

export type ChangeAddress = (
  change: (now: URLSearchParams) => URLSearchParams,
  options?: { replace?: boolean },
) => void;

/**
 * What the address says, and how to change it. `change` is given what the address says at that moment: two changes may
 * come before either is drawn, and the router's own `useSearchParams` would give the second what the first began from.
 */
export function useAddress(): [URLSearchParams, ChangeAddress] {
  const { search } = useLocation();
  const navigate = useNavigate();
  const change = useCallback<ChangeAddress>(
    (change, options) => {
      const next = change(new URLSearchParams(location.search)).toString();
      navigate({ search: next && `?${next}` }, options);
    },
    [navigate],
  );
  return [useMemo(() => new URLSearchParams(search), [search]), change];
}
