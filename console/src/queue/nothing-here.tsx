// What is shown where the filter finds nothing.

import { Button } from 'antd';
import { texts, useTexts } from '~/i18n';
import { Empty } from '~/parts';
import { cleared, type Filter, narrowed } from './filter';

const words = texts({
  none: ['没有符合条件的投诉', 'Nothing matches'],
  noneHint: ['换个条件，或清除筛选看看。', 'Try other conditions, or clear the filter.'],
  clear: ['清除筛选', 'Clear the filter'],
  calm: ['这里清空了', 'All clear'],
  calmHint: ['没有投诉在等。新投诉会自动出现。', 'Nothing waits. New complaints appear by themselves.'],
  first: ['回到第一页', 'Back to the first page'],
  beyond: ['这一页已经没有内容', 'There is nothing on this page any more'],
});

export interface NothingHereProps {
  filter: Filter;
  change: (part: Partial<Filter>) => void;
}

export function NothingHere({ filter, change }: NothingHereProps) {
  const t = useTexts(words);
  if (filter.page > 1) {
    return (
      <Empty title={t.beyond}>
        <Button onClick={() => change({ page: 1 })}>{t.first}</Button>
      </Empty>
    );
  }
  if (!narrowed(filter)) return <Empty title={t.calm} hint={t.calmHint} />;
  return (
    <Empty title={t.none} hint={t.noneHint}>
      <Button onClick={() => change(cleared(filter))}>{t.clear}</Button>
    </Empty>
  );
}
