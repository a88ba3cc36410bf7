// What one has seen of a complaint that others work on, too; pure.

export interface Seen {
  /** The complaint's version. */
  version: number;
  /** The newest entry of its history. */
  entry: number;
}

/** What is seen once `now` is on the screen, whose standing and history are of one moment. */
export function seenAfter(before: Seen | null, now: Seen): Seen {
  if (before === null) return now;
  const raised = now.version > before.version;
  const told = now.entry > before.entry;
  // Others did something: that is seen when one says so.
  if (raised && told) return before;
  // Whoever works on it all the time may still come between the two.
  if (raised) return { version: now.version, entry: before.entry };
  // Of one's own act the version is known before the entry.
  if (told) return { version: before.version, entry: now.entry };
  return before;
}
