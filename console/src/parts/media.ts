// What kind of screen it is.

import { useSyncExternalStore } from 'react';

const phone = matchMedia('(max-width: 760px)');

function subscribe(listener: () => void) {
  phone.addEventListener('change', listener);
  return () => phone.removeEventListener('change', listener);
}

/** Whether there is room for one column only. */
export const usePhone = (): boolean => useSyncExternalStore(subscribe, () => phone.matches);
