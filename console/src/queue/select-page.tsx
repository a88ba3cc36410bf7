// A box for all that are on the page, over the list: on phones there is no head of a table to put it into.

import { Checkbox } from 'antd';
import type { SearchRow } from '~/api';
import { texts, useTexts } from '~/i18n';
import { having, type Select, type Selection } from './selection';

const words = texts({ selectPage: ['选择本页', 'Select this page'] });

export interface SelectPageProps {
  className: string | undefined;
  rows: readonly SearchRow[];
  selected: Selection;
  select: Select;
}

export function SelectPage({ className, rows, selected, select }: SelectPageProps) {
  const t = useTexts(words);
  const ids = rows.map((row) => row.complaint_id);
  const here = ids.filter((id) => selected.has(id)).length;
  return (
    <Checkbox
      className={className}
      checked={here === rows.length}
      indeterminate={here > 0 && here < rows.length}
      onChange={(event) => select((before) => having(before, ids, event.target.checked))}
    >
      {t.selectPage}
    </Checkbox>
  );
}
