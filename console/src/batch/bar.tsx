// What can be done with the complaints that are selected.

import { Button } from 'antd';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useCall } from '~/api';
import { closesAs } from '~/complaint/actions';
import { texts, useTexts } from '~/i18n';
import type { Filter } from '~/queue/filter';
import { useSession } from '~/session';
import css from './bar.module.css';
import { type Action, MOST } from './run';

const BatchDialog = lazy(() => import('./dialog'));

const words = texts({
  bar: ['批量操作', 'Act on many'],
  selected: (n: number) => [`已选 ${n.toLocaleString('en')} 条`, `${n.toLocaleString('en')} selected`],
  everything: (n: number) => [
    `已选全部 ${n.toLocaleString('en')} 条符合条件的`,
    `All ${n.toLocaleString('en')} that match are selected`,
  ],
  all: (n: number) => [
    `选择全部 ${n.toLocaleString('en')} 条符合条件的`,
    `Select all ${n.toLocaleString('en')} that match`,
  ],
  clear: ['取消选择', 'Clear'],
  assign: ['分派', 'Assign'],
  tag: ['标签', 'Tag'],
  note: ['备注', 'Note'],
  reply: ['回复', 'Reply'],
  close: ['结单', 'Close'],
  reopen: ['重新打开', 'Reopen'],
  check_failed: ['核验不通过', 'Check failed'],
});

export const useActionNames = () => useTexts(words);

export interface BatchBarProps {
  filter: Filter;
  total: number | null;
  selected: ReadonlySet<string>;
  select: (ids: ReadonlySet<string>) => void;
  /** Called when something was done. */
  done: () => void;
}

export default function BatchBar({ filter, total, selected, select, done }: BatchBarProps) {
  const t = useTexts(words);
  const { can } = useSession();
  const [everything, setEverything] = useState(false);
  const [action, setAction] = useState<Action | null>(null);
  // Whoever takes one away does not mean all any more.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the selection is what changes it
  useEffect(() => setEverything(false), [selected]);
  const settings = useCall('tousu.settings.get', {}, { staleTime: 60_000 }).data;
  const platform = can('投诉管理-平台');
  const closeBy = closesAs(can, settings);
  const open = filter.tab !== 'done';
  const actions: Action[] = [
    'assign',
    'tag',
    'note',
    ...(open ? (['reply'] as const) : []),
    ...(open && closeBy ? (['close'] as const) : []),
    ...(filter.tab === 'done' && platform ? (['reopen'] as const) : []),
    ...(filter.tab === 'processing' && platform ? (['check_failed'] as const) : []),
  ];
  const matching = total === null ? null : Math.min(total, MOST);
  return (
    <section className={css.bar} aria-label={t.bar}>
      <span className={css.count} role="status">
        {everything && matching !== null ? t.everything(matching) : t.selected(selected.size)}
      </span>
      {!everything && matching !== null && matching > selected.size ? (
        <Button type="link" onClick={() => setEverything(true)}>
          {t.all(matching)}
        </Button>
      ) : null}
      <div className={css.actions}>
        {actions.map((each) => (
          <Button key={each} onClick={() => setAction(each)}>
            {t[each]}
          </Button>
        ))}
        <Button type="text" onClick={() => select(new Set())}>
          {t.clear}
        </Button>
      </div>
      <Suspense fallback={null}>
        {action ? (
          <BatchDialog
            action={action}
            by={action === 'close' && closeBy ? closeBy : 'platform'}
            filter={filter}
            ids={everything ? null : [...selected]}
            expected={everything ? (matching ?? 0) : selected.size}
            close={(acted) => {
              setAction(null);
              if (!acted) return;
              select(new Set());
              done();
            }}
          />
        ) : null}
      </Suspense>
    </section>
  );
}
