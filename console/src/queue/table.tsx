// The queue as a table, on a screen that has the room.

import { Table } from 'antd';
import { memo, useMemo } from 'react';
import type { SearchRow } from '~/api';
import { texts, useTexts } from '~/i18n';
import { type Column, type RowMarks, tableWidth, useColumns } from './columns';
import css from './table.module.css';

const words = texts({ select: (id: string) => [`选择 ${id}`, `Select ${id}`] });

export interface ListProps {
  rows: readonly SearchRow[];
  marks: RowMarks;
  columns: readonly Column[];
  /** The row that keys act on. */
  at: string | null;
  /** The one that is open beside the list. */
  open: string | null;
  selected: ReadonlySet<string> | null;
  select: (ids: ReadonlySet<string>) => void;
  choose: (id: string) => void;
}

export const QueueTable = memo(function QueueTable(props: ListProps) {
  const { rows, marks, columns: chosen, at, open, selected, select, choose } = props;
  const t = useTexts(words);
  const columns = useColumns(chosen, marks);
  const selectedKeys = useMemo(() => [...(selected ?? [])], [selected]);
  return (
    <Table<SearchRow>
      size="small"
      rowKey="complaint_id"
      dataSource={rows}
      columns={columns}
      pagination={false}
      tableLayout="fixed"
      sticky={{ offsetHeader: 56 }}
      scroll={{ x: tableWidth(columns) }}
      rowClassName={(row) =>
        [
          css.row,
          row.complaint_id === at ? css.at : '',
          row.complaint_id === open ? css.open : '',
          marks.gone.has(row.complaint_id) ? css.gone : '',
          marks.fresh.has(row.complaint_id) ? css.fresh : '',
        ].join(' ')
      }
      onRow={(row) => ({
        'data-row': row.complaint_id,
        onClick: (event) => {
          const target = event.target as HTMLElement;
          const link = target.closest('a');
          // A new tab is wanted by whoever holds a key.
          if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
          if (
            target.closest('button, input, .ant-table-selection-column') ||
            window.getSelection()?.toString()
          )
            return;
          event.preventDefault();
          choose(row.complaint_id);
        },
      })}
      {...(selected
        ? {
            rowSelection: {
              columnWidth: 44,
              selectedRowKeys: selectedKeys,
              preserveSelectedRowKeys: true,
              onChange: (keys) => select(new Set(keys.map(String))),
              getCheckboxProps: (row) => ({ 'aria-label': t.select(row.complaint_id) }),
              // The box for all is above the list, on phones too: one in the head would be there twice, once unseen.
              hideSelectAll: true,
            },
          }
        : {})}
    />
  );
});
