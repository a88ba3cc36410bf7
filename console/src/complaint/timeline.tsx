// What happened, oldest first: what was said as bubbles on either side, the rest as lines between them.

import { useMemo } from 'react';
import { texts, useLanguage, useTexts } from '~/i18n';
import { UserTags, When } from '~/parts';
import { eventName, sideName } from './events';
import { Pictures } from './pictures-view';
import { type Happening, story } from './story';
import css from './timeline.module.css';
import type { Whole } from './use-complaint';

const words = texts({
  pictures: ['图片', 'Picture'],
  erased: ['内容已按要求清除', 'What was said has been erased'],
  to: (name: string) => [`分派给 ${name}`, `to ${name}`],
  nobody: ['取消分派', 'to nobody'],
  added: ['加上', 'Added'],
  removed: ['去掉', 'Removed'],
  deadline: ['时限变为', 'Now due'],
  internal: ['仅内部可见', 'Colleagues only'],
});

/** Events in which somebody speaks. */
const SPOKEN = new Set([
  'replied',
  'merchant_replied',
  'merchant_finished',
  'consumer_replied',
  'check_failed',
  'noted',
  'reopened',
  'closed',
]);

export function Timeline({ whole }: { whole: Whole }) {
  const { info, history, standing } = whole;
  const told = useMemo(() => story(info, history, standing), [info, history, standing]);
  return (
    <ol className={css.timeline}>
      {told.map((happening) => (
        <Item key={happening.key} happening={happening} />
      ))}
    </ol>
  );
}

function Item({ happening }: { happening: Happening }) {
  const t = useTexts(words);
  const language = useLanguage();
  const { event, title, side, who, at, text, images, erased } = happening;
  const bubble = SPOKEN.has(event) && (text !== '' || images.length > 0 || erased);
  const name = [side && sideName(side, language), who !== side && who].filter(Boolean).join(' ');
  return (
    <li
      className={css.item}
      data-side={side === 'merchant' ? 'own' : 'other'}
      data-event={event}
      data-bubble={bubble}
    >
      <p className={css.line}>
        <strong>{eventName(event, title, language)}</strong>
        {name ? <span>{name}</span> : null}
        <When at={at} />
        {event === 'noted' ? <span className={css.internal}>{t.internal}</span> : null}
      </p>
      {erased && SPOKEN.has(event) ? <p className={css.erased}>{t.erased}</p> : null}
      {text ? <p className={bubble ? css.bubble : css.said}>{text}</p> : null}
      <Pictures addresses={images} name={t.pictures} />
      <Details happening={happening} />
    </li>
  );
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];

function Details({ happening: { event, details } }: { happening: Happening }) {
  const t = useTexts(words);
  const added = strings(details.add);
  const removed = strings(details.remove);
  const assignee = typeof details.assignee === 'string' ? details.assignee : '';
  return (
    <>
      {event === 'assigned' ? <p className={css.said}>{assignee ? t.to(assignee) : t.nobody}</p> : null}
      {added.length > 0 ? (
        <p className={css.said}>
          {t.added} <UserTags names={added} />
        </p>
      ) : null}
      {removed.length > 0 ? (
        <p className={css.said}>
          {t.removed} <UserTags names={removed} />
        </p>
      ) : null}
      {typeof details.deadline === 'string' ? (
        <p className={css.said}>
          {t.deadline} <When at={details.deadline} beside={false} />
        </p>
      ) : null}
    </>
  );
}
