import { type ReactNode, useCallback, useId, useMemo } from 'react';
import { useNavigate } from 'react-router';
import { Chart } from '~/charts/Chart';
import { useTexts } from '~/i18n';
import { useShopAddress } from '~/session';
import css from './dashboard.module.css';
import { FigureTable } from './FigureTable';
import { TEXTS } from './texts';

/** What was counted of one channel, source, day or hour. */
export interface Counted {
  key: string;
  label: string;
  total: number;
  overtime: number;
  /** The queue of all of them. */
  to: string;
  /** The queue of those that are overtime. */
  lateTo: string;
}

interface Props {
  title: string;
  /** What the rows are: days, channels and so on. */
  heading: string;
  rows: readonly Counted[];
}

const figures = (row: Counted) => [
  { value: row.total, to: row.to },
  { value: row.overtime, to: row.lateTo },
];

/** Figures under a heading, each row with its bar. */
export function Breakdown({ title, heading, rows }: Props) {
  const t = useTexts(TEXTS);
  return (
    <Card title={title}>
      <FigureTable
        caption={title}
        headings={[heading, t.total, t.overtime]}
        rows={rows.map((row) => ({ key: row.key, label: row.label, figures: figures(row) }))}
        late={1}
      />
    </Card>
  );
}

/** A chart, with its figures in a table that is folded away. A bar leads where its figure does. */
export function Course({ title, heading, rows }: Props) {
  const t = useTexts(TEXTS);
  const navigate = useNavigate();
  const address = useShopAddress();
  const names = useMemo(() => ({ inTime: t.inTime, overtime: t.overtime }), [t]);
  const pick = useCallback(
    (at: number) => {
      const row = rows[at];
      if (row) navigate(address(row.to));
    },
    [rows, navigate, address],
  );
  const sum = (of: 'total' | 'overtime') => rows.reduce((all, row) => all + row[of], 0);
  return (
    <Card title={title}>
      <Chart
        label={t.chartOf(title, sum('total'), sum('overtime'))}
        rows={rows}
        names={names}
        onPick={pick}
      />
      <details className={css.folded}>
        <summary>{t.showTable}</summary>
        <FigureTable
          caption={title}
          headings={[heading, t.total, t.overtime]}
          rows={rows.map((row) => ({ key: row.key, label: row.label, figures: figures(row) }))}
          first={400}
        />
      </details>
    </Card>
  );
}

/** A part of the page under its own heading. */
export function Card({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={css.card} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {lead !== undefined && <p className={css.lead}>{lead}</p>}
      {children}
    </section>
  );
}
