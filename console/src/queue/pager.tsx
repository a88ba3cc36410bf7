// From page to page, as far as the server goes by numbers.

import { Pagination } from 'antd';
import { texts, useTexts } from '~/i18n';
import { usePhone } from '~/parts';
import { DEEPEST_ROW, type Filter, PAGE_SIZES } from './filter';
import css from './pager.module.css';

const words = texts({
  deepest: (n: number) => [
    `页码只到第 ${n.toLocaleString('en')} 条，请用筛选缩小范围`,
    `Pages go to row ${n.toLocaleString('en')}: narrow the filter to see the rest`,
  ],
});

export interface PagerProps {
  filter: Filter;
  total: number | null;
  change: (part: Partial<Filter>) => void;
}

export function Pager({ filter, total, change }: PagerProps) {
  const t = useTexts(words);
  const phone = usePhone();
  const reachable = Math.min(total ?? filter.page * filter.size, DEEPEST_ROW);
  return (
    <div className={css.pager}>
      {total !== null && total > DEEPEST_ROW ? (
        <span className={css.deepest}>{t.deepest(DEEPEST_ROW)}</span>
      ) : null}
      <Pagination
        size={phone ? 'small' : 'medium'}
        simple={phone}
        current={filter.page}
        pageSize={filter.size}
        total={reachable}
        showSizeChanger={!phone}
        showQuickJumper={!phone && reachable > filter.size * 5}
        pageSizeOptions={[...PAGE_SIZES]}
        onChange={(page, size) => change(size === filter.size ? { page } : { page: 1, size })}
      />
    </div>
  );
}
