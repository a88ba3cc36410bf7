// The queue as a table, on a screen that has the room. By hand: a table of the browser's own keeps its head in sight,
// tells screen readers what it is, and is a tenth of what comes with one that can do everything.

import { Checkbox } from 'antd';
import { type MouseEvent, memo, useCallback, useRef } from 'react';
import type { SearchRow } from '~/api';
import { texts, useTexts } from '~/i18n';
import { useWidth } from '~/parts/media';
import unseen from '~/parts/unseen.module.css';
import { type Column, type QueueColumn, type RowMarks, tableWidth, useColumns } from './columns';
import { having, type Select, type Selection } from './selection';
import css from './table.module.css';

const words = texts({
  select: (id: string) => [`选择 ${id}`, `Select ${id}`],
  list: ['投诉列表', 'Complaints'],
  selection: ['选择', 'Selection'],
});

export interface ListProps {
  rows: readonly SearchRow[];
  marks: RowMarks;
  columns: readonly Column[];
  /** The row that keys act on. */
  at: string | null;
  /** The one that is open beside the list. */
  open: string | null;
  /** `null` for whoever may select none. */
  selected: Selection | null;
  select: Select;
  choose: (id: string) => void;
}

export const QueueTable = memo(function QueueTable(props: ListProps) {
  const { rows, marks, columns: chosen, at, open, selected, select, choose } = props;
  const t = useTexts(words);
  const columns = useColumns(chosen, marks);
  const width = tableWidth(columns);
  const holder = useRef<HTMLDivElement>(null);
  const wide = useWidth(holder) < width;
  const mark = useCallback(
    (id: string, on: boolean) => select((before) => having(before, [id], on)),
    [select],
  );
  return (
    <div
      ref={holder}
      className={css.holder}
      data-wide={wide}
      // What scrolls can be scrolled by keys.
      {...(wide && { tabIndex: 0, role: 'region', 'aria-label': t.list })}
    >
      <table className={css.table} style={{ minWidth: width }}>
        <thead>
          <tr>
            {selected ? (
              <th scope="col" className={css.box}>
                <span className={unseen.unseen}>{t.selection}</span>
              </th>
            ) : null}
            {columns.map((column) => (
              <th key={column.key} scope="col" style={{ width: column.width }}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const id = row.complaint_id;
            return (
              <Row
                key={id}
                row={row}
                columns={columns}
                at={id === at}
                open={id === open}
                gone={marks.gone.has(id)}
                fresh={marks.fresh.has(id)}
                selected={selected ? selected.has(id) : null}
                mark={mark}
                choose={choose}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
});

interface RowProps {
  row: SearchRow;
  columns: readonly QueueColumn[];
  at: boolean;
  open: boolean;
  gone: boolean;
  fresh: boolean;
  selected: boolean | null;
  mark: (id: string, on: boolean) => void;
  choose: (id: string) => void;
}

const Row = memo(function Row({ row, columns, at, open, gone, fresh, selected, mark, choose }: RowProps) {
  const t = useTexts(words);
  const id = row.complaint_id;
  const press = (event: MouseEvent) => {
    const target = event.target as HTMLElement;
    // A new tab is wanted by whoever holds a key.
    if (target.closest('a') && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
    // Whoever marks a part of the text, or aims at the box and misses it, does not mean the complaint.
    if (target.closest(`button, .${css.box}`) || getSelection()?.toString()) return;
    event.preventDefault();
    choose(id);
  };
  return (
    // A larger place to press: its link does the same by keys.
    <tr
      className={css.row}
      data-row={id}
      data-at={at}
      data-open={open}
      data-gone={gone}
      data-fresh={fresh}
      data-selected={selected ?? false}
      onClick={press}
    >
      {selected === null ? null : (
        <td className={css.box}>
          <Checkbox
            aria-label={t.select(id)}
            checked={selected}
            onChange={(event) => mark(id, event.target.checked)}
          />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.key}>{column.render(row)}</td>
      ))}
    </tr>
  );
});
