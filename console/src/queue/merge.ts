// How a list that one reads takes up what has changed: rows change where they are, and none moves under one's eyes.

export interface Row {
  complaint_id: string;
  version: number;
}

export interface Shown<R extends Row> {
  rows: readonly R[];
  /** Shown, but no longer part of what is looked for. */
  gone: ReadonlySet<string>;
  /** Just come, to be pointed out. */
  fresh: ReadonlySet<string>;
  /** What waits to be shown, until the reader wants it. */
  waiting: Waiting | null;
}

export interface Waiting {
  /** So many that are not shown yet. */
  came: number;
  /** So many that are shown and no longer belong here. */
  left: number;
}

const NONE: ReadonlySet<string> = new Set();

/** All as it is now. */
export function anew<R extends Row>(rows: readonly R[]): Shown<R> {
  return { rows, gone: NONE, fresh: NONE, waiting: null };
}

/** All as it is now, with what was not shown before pointed out. */
export function caughtUp<R extends Row>(before: Shown<R>, now: readonly R[]): Shown<R> {
  const known = new Set(before.rows.map((row) => row.complaint_id));
  const fresh = now.filter((row) => !known.has(row.complaint_id)).map((row) => row.complaint_id);
  return { ...anew(now), fresh: fresh.length > 0 ? new Set(fresh) : NONE };
}

/**
 * What to show of `now` to somebody who reads `before`. If nobody reads, or if nothing would move, it is all as it is
 * now. Otherwise the rows stay where they are, each with its newest content, and what came or left waits.
 */
export function merged<R extends Row>(before: Shown<R>, now: readonly R[], reading: boolean): Shown<R> {
  const after = caughtUp(before, now);
  const stays = before.rows.every((row, at) => row.complaint_id === now[at]?.complaint_id);
  if (!reading || stays) {
    return { ...after, rows: sameWhereSame(before.rows, now) };
  }
  const byId = new Map(now.map((row) => [row.complaint_id, row]));
  const rows = before.rows.map((row) => newer(row, byId.get(row.complaint_id)));
  const gone = new Set(rows.filter((row) => !byId.has(row.complaint_id)).map((row) => row.complaint_id));
  return {
    rows: rows.every((row, at) => row === before.rows[at]) ? before.rows : rows,
    gone,
    fresh: before.fresh,
    waiting: { came: after.fresh.size, left: gone.size },
  };
}

const newer = <R extends Row>(shown: R, found: R | undefined): R =>
  found && (found.version !== shown.version || !same(found, shown)) ? found : shown;

/** Keeps the very rows that have not changed, so that they need not be drawn again. */
function sameWhereSame<R extends Row>(before: readonly R[], now: readonly R[]): readonly R[] {
  const byId = new Map(before.map((row) => [row.complaint_id, row]));
  const rows = now.map((row) => {
    const shown = byId.get(row.complaint_id);
    return shown && shown.version === row.version && same(shown, row) ? shown : row;
  });
  return rows.length === before.length && rows.every((row, at) => row === before[at]) ? before : rows;
}

/** A row may change by the clock alone: it becomes late. */
const same = <R extends Row>(one: R, other: R) =>
  (one as { is_overtime?: number }).is_overtime === (other as { is_overtime?: number }).is_overtime;
