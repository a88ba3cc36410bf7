// A line over the list that tells of what is not shown yet. It takes no room: what is below it does not move.

import { texts, useTexts } from '~/i18n';
import type { Waiting } from './merge';
import css from './waiting-line.module.css';

const words = texts({
  came: (n: number) => [`${n} 条新进入`, `${n} came in`],
  left: (n: number) => [`${n} 条已不在本页`, `${n} no longer on this page`],
  moved: ['顺序有变化', 'The order has changed'],
  show: ['点击刷新列表', 'Press to show'],
  elsewhere: (n: number) => [`${n} 条新投诉在其他页`, `${n} new on other pages`],
  newest: ['按最新查看', 'See the newest'],
});

export interface WaitingLineProps {
  waiting: Waiting | null;
  elsewhere: number;
  /** Shows what waits. */
  show: () => void;
  /** Shows the newest first. */
  newest: () => void;
}

export function WaitingLine({ waiting, elsewhere, show, newest }: WaitingLineProps) {
  const t = useTexts(words);
  /** What came pushes others to the next page: of those nothing need be said. */
  const said = ({ came, left }: Waiting) => (came > 0 ? t.came(came) : left > 0 ? t.left(left) : t.moved);
  return (
    <div className={css.waiting} role="status">
      {waiting ? (
        <button type="button" onClick={show}>
          {said(waiting)}
          <strong>{t.show}</strong>
        </button>
      ) : null}
      {elsewhere > 0 ? (
        <button type="button" onClick={newest}>
          {t.elsewhere(elsewhere)}
          <strong>{t.newest}</strong>
        </button>
      ) : null}
    </div>
  );
}
