// Looking again at what may have changed, soon after the shop's version moved, but not without pause.

import { useEffect, useRef } from 'react';
import { useVersion } from './live';

/** The version that was known when something was looked at. What is newer may show it otherwise. */
export function useVersionNow() {
  const version = useVersion();
  const now = useRef(version);
  now.current = version;
  return now;
}

/**
 * Calls `look` when the shop's version is past `at`, that of the last look; `undefined` while there was none. However
 * often it moves, there is a pause between two looks, in milliseconds.
 */
export function useFollow(at: number | null | undefined, pause: number, look: () => unknown) {
  const version = useVersion();
  const looked = useRef(0);
  const current = useRef(look);
  current.current = look;
  useEffect(() => {
    if (version === null || at === undefined || (at !== null && version <= at)) return;
    const timer = setTimeout(
      () => {
        looked.current = Date.now();
        current.current();
      },
      Math.max(0, looked.current + pause - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [version, at, pause]);
}
