// Looking again at what may have changed, soon after the shop's version moved, but not without pause.

import { useEffect, useRef, useState } from 'react';
import { useVersion } from './live';

/** The version that was known when something was looked at. What is newer may show it otherwise. */
export function useVersionNow() {
  const version = useVersion();
  const now = useRef(version);
  now.current = version;
  return now;
}

/** After so many failures pauses grow no longer. */
const MOST_FAILURES = 5;

/**
 * Calls `look` when the shop's version is past `at`, that of the last look; `undefined` while there was none. However
 * often it moves, there is a pause between two looks, in milliseconds, which is longer after each that failed.
 */
export function useFollow(
  at: number | null | undefined,
  pause: number,
  look: () => Promise<{ isError: boolean }>,
) {
  const version = useVersion();
  const looked = useRef(0);
  const current = useRef(look);
  current.current = look;
  const [failures, setFailures] = useState(0);
  useEffect(() => {
    if (version === null || at === undefined || (at !== null && version <= at)) return;
    let wanted = true;
    const timer = setTimeout(
      async () => {
        looked.current = Date.now();
        const { isError } = await current.current();
        if (wanted) setFailures((before) => (isError ? before + 1 : 0));
      },
      Math.max(0, looked.current + pause * 2 ** Math.min(failures, MOST_FAILURES) - Date.now()),
    );
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [version, at, pause, failures]);
}
