// A long list is put on the page in parts: what is in sight first, the rest a part a frame, so that a press between
// two of them is answered at once.

import { startTransition, useEffect, useMemo, useState } from 'react';

/** A screen full of rows. */
const PART = 25;

/** As many of the rows as are drawn by now; `list` tells which list they are of: another one begins anew. */
export function useInParts<T>(rows: readonly T[], list: string): readonly T[] {
  const [drawn, setDrawn] = useState({ list, count: PART });
  const count = drawn.list === list ? drawn.count : PART;
  const isWhole = count >= rows.length;
  useEffect(() => {
    if (isWhole) return;
    const next = requestAnimationFrame(() => {
      startTransition(() => setDrawn({ list, count: count + PART }));
    });
    return () => cancelAnimationFrame(next);
  }, [list, count, isWhole]);
  return useMemo(() => (isWhole ? rows : rows.slice(0, count)), [rows, count, isWhole]);
}
