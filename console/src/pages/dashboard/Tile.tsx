import type { ReactNode } from 'react';
import { Link } from '~/session';
import css from './dashboard.module.css';

interface Props {
  label: string;
  /** Undefined until it is known. */
  value: number | string | undefined;
  /** A line below, in the figure's own words. */
  note?: ReactNode;
  /** The queue that it counts. */
  to?: string;
  tone?: 'calm' | 'warn' | 'bad';
}

/** One large figure. */
export function Tile({ label, value, note, to, tone = 'calm' }: Props) {
  const content = (
    <>
      <span className={css.tileLabel}>{label}</span>
      <span className={css.tileValue}>
        {typeof value === 'number' ? <data value={value}>{value.toLocaleString('en')}</data> : (value ?? '–')}
      </span>
      {note !== undefined && <span className={css.tileNote}>{note}</span>}
    </>
  );
  const className = `${css.tile} ${css[tone]}`;
  return to === undefined ? (
    <div className={className}>{content}</div>
  ) : (
    <Link className={className} to={to}>
      {content}
    </Link>
  );
}
