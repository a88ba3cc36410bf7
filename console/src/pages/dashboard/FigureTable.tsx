import type { ReactNode } from 'react';
import { useState } from 'react';
import { useTexts } from '~/i18n';
import unseen from '~/parts/unseen.module.css';
import { Link } from '~/session';
import css from './dashboard.module.css';
import { TEXTS } from './texts';

/** A figure, and the queue that it counts. */
export interface Figure {
  value: number;
  to: string;
}

export interface Row {
  key: string;
  label: ReactNode;
  figures: readonly Figure[];
}

interface Props {
  caption: string;
  /** The label's column first, then one for each figure. */
  headings: readonly string[];
  rows: readonly Row[];
  /** The first figure is a bar as well, the longest for the largest, of which that figure here is the late part. */
  late?: number;
  /** Rows that are shown before the rest is asked for. */
  first?: number;
}

const figureOf = (row: Row, at: number) => row.figures[at]?.value ?? 0;

/** Figures that lead to what they count. */
export function FigureTable({ caption, headings, rows, late, first = 10 }: Props) {
  const t = useTexts(TEXTS);
  const [all, setAll] = useState(false);
  const most = Math.max(1, ...rows.map((row) => figureOf(row, 0)));
  const shown = all ? rows : rows.slice(0, first);
  return (
    <>
      <table className={css.table}>
        <caption className={unseen.unseen}>{caption}</caption>
        <thead>
          <tr>
            {headings.map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.key}>
              <th scope="row">
                <span className={css.label}>{row.label}</span>
                {late !== undefined && (
                  <span
                    className={css.bar}
                    style={{ width: `${(100 * figureOf(row, 0)) / most}%` }}
                    aria-hidden="true"
                  >
                    <span
                      style={{ width: `${(100 * figureOf(row, late)) / Math.max(1, figureOf(row, 0))}%` }}
                    />
                  </span>
                )}
              </th>
              {row.figures.map((figure, at) => (
                <td key={headings[at + 1]}>
                  <FigureLink {...figure} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > first && (
        <button type="button" className={css.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t.less : t.more(rows.length - first)}
        </button>
      )}
    </>
  );
}

/** A figure as a link; nothing is no link. */
export function FigureLink({ value, to }: Figure) {
  if (value === 0) return <span className={css.zero}>0</span>;
  return (
    <Link className={css.figure} to={to}>
      <data value={value}>{value.toLocaleString('en')}</data>
    </Link>
  );
}
