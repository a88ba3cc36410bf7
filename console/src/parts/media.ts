// What kind of screen it is, and how much room there is.

import { type RefObject, useLayoutEffect, useState, useSyncExternalStore } from 'react';

const phone = matchMedia('(max-width: 760px)');

function subscribe(listener: () => void) {
  phone.addEventListener('change', listener);
  return () => phone.removeEventListener('change', listener);
}

/** Whether there is room for one column only. */
export const usePhone = (): boolean => useSyncExternalStore(subscribe, () => phone.matches);

/** How wide an element is, in pixels, and as long as that is not known, as wide as need be. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(Number.POSITIVE_INFINITY);
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
