// The queue's parts, with how many wait in each.

import { texts, useTexts } from '~/i18n';
import { useCounts } from '~/live';
import { TABS, type Tab } from './filter';
import css from './tabs.module.css';

const words = texts({
  parts: ['队列分类', 'Parts of the queue'],
  all: ['全部', 'All'],
  pending: ['待处理', 'Pending'],
  processing: ['处理中', 'In progress'],
  due_soon: ['即将超时', 'Due soon'],
  overdue: ['已超时', 'Overdue'],
  done: ['处理完成', 'Done'],
  within: (hours: number) => [`${hours} 小时内到期`, `Due within ${hours} h`],
  unknown: ['…', '…'],
});

export function Tabs({ tab, choose }: { tab: Tab; choose: (tab: Tab) => void }) {
  const t = useTexts(words);
  const counts = useCounts().data;
  const count = (of: Tab) =>
    of === 'all' ? counts && counts.pending + counts.processing + counts.done : counts?.[of];
  return (
    <nav className={css.tabs} aria-label={t.parts}>
      <ul>
        {TABS.map((each) => (
          <li key={each}>
            <button
              type="button"
              className={css.tab}
              data-tab={each}
              aria-current={each === tab ? 'page' : undefined}
              title={each === 'due_soon' && counts ? t.within(counts.due_soon_hours) : undefined}
              onClick={() => choose(each)}
            >
              {t[each]}
              <span className={css.count} data-some={(count(each) ?? 0) > 0}>
                {count(each)?.toLocaleString('en') ?? t.unknown}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
