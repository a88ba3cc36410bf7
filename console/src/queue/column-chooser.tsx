// Which columns are shown.

import { TableOutlined } from '@ant-design/icons';
import { Button, Checkbox, Popover } from 'antd';
import { texts, useTexts } from '~/i18n';
import css from './column-chooser.module.css';
import { ALWAYS, COLUMNS, type Column, useColumnNames } from './columns';

const words = texts({
  columns: ['显示的列', 'Columns'],
  reset: ['恢复默认', 'As at first'],
});

export interface ColumnChooserProps {
  chosen: readonly Column[];
  choose: (columns: readonly Column[] | null) => void;
  disabled: boolean;
}

export function ColumnChooser({ chosen, choose, disabled }: ColumnChooserProps) {
  const t = useTexts(words);
  const names = useColumnNames();
  const content = (
    <fieldset className={css.chooser}>
      <legend>{t.columns}</legend>
      {COLUMNS.map((column) => (
        <Checkbox
          key={column}
          checked={chosen.includes(column)}
          disabled={ALWAYS.includes(column)}
          onChange={(event) =>
            choose(COLUMNS.filter((each) => (each === column ? event.target.checked : chosen.includes(each))))
          }
        >
          {names[column]}
        </Checkbox>
      ))}
      <Button size="small" onClick={() => choose(null)}>
        {t.reset}
      </Button>
    </fieldset>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={content}>
      <Button icon={<TableOutlined />} aria-label={t.columns} title={t.columns} disabled={disabled} />
    </Popover>
  );
}
