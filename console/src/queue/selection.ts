// Which complaints are selected. Changes say what becomes of the selection as it is then, since several may come
// before any is drawn.

import type { Dispatch, SetStateAction } from 'react';

export type Selection = ReadonlySet<string>;
export type Select = Dispatch<SetStateAction<Selection>>;

export const NOTHING: Selection = new Set();

/** With those in it, or without. */
export function having(selection: Selection, ids: readonly string[], on: boolean): Selection {
  const after = new Set(selection);
  for (const id of ids) {
    if (on) after.add(id);
    else after.delete(id);
  }
  return after;
}
