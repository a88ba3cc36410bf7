// What others did since one has looked, said before one acts on what is no longer so.

import { Button } from 'antd';
import type { HistoryEntry } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { When } from '~/parts';
import { eventName, sideName } from './events';
import css from './happened.module.css';

const words = texts({
  title: ['您打开之后，这张投诉单有了变化', 'This complaint has changed since you opened it'],
  know: ['知道了', 'Got it'],
  did: (who: string, what: string) => [`${who} · ${what}`, `${who}: ${what}`],
});

export function Happened({
  entries,
  acknowledge,
}: {
  entries: readonly HistoryEntry[];
  acknowledge: () => void;
}) {
  const t = useTexts(words);
  const language = useLanguage();
  return (
    <div role="status" className={css.place}>
      {entries.length > 0 ? (
        <div className={css.happened}>
          <p className={css.title}>{t.title}</p>
          <ul>
            {entries.map((entry) => (
              <li key={entry.entry}>
                {t.did(
                  entry.operator || sideName(entry.actor, language),
                  eventName(entry.event, entry.title, language),
                )}{' '}
                <When at={entry.happened_at} />
              </li>
            ))}
          </ul>
          <Button size="small" onClick={acknowledge}>
            {t.know}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
