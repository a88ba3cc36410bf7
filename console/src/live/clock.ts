// A clock that many parts of a page look at, and that ticks once for all of them.

import { useSyncExternalStore } from 'react';
import { now } from '~/time';

class Clock {
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #shown = now();
  constructor(readonly seconds: number) {}

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => {
      this.#shown = now();
      for (const each of this.#listeners) each();
    }, this.seconds * 1000);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  read = () => {
    // Nobody listened for a while: what was shown last is old.
    if (this.#timer === undefined) this.#shown = now();
    return this.#shown;
  };
}

const EACH_SECOND = new Clock(1);
const EACH_HALF_MINUTE = new Clock(30);

/** Now, in epoch seconds by the server's clock; moves each half minute, or each second. */
export function useNow(every: 'second' | 'half minute' = 'half minute'): number {
  const clock = every === 'second' ? EACH_SECOND : EACH_HALF_MINUTE;
  return useSyncExternalStore(clock.subscribe, clock.read);
}
