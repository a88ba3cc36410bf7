// Moments as people read them: Beijing's clock, with how far away it is beside it.

import { texts, useLanguage, useTexts } from '~/i18n';
import { useNow } from '~/live';
import { dateTime, HOUR, parse, relative, now as serverNow, short, span, urgency } from '~/time';
import css from './when.module.css';

const words = texts({
  left: (much: string) => [`剩 ${much}`, `${much} left`],
  late: (much: string) => [`已超时 ${much}`, `${much} overdue`],
  none: ['—', '—'],
  zone: ['北京时间', 'Beijing time'],
});

/** `04-19 11:25 · 3 小时前` */
export function When({ at, beside = true }: { at: string | null | undefined; beside?: boolean }) {
  const t = useTexts(words);
  const language = useLanguage();
  // What has just happened is later than the last tick.
  const now = Math.max(useNow(), serverNow());
  const epoch = parse(at);
  if (epoch === null) return <span className={css.soft}>{t.none}</span>;
  return (
    <time className={css.when} dateTime={iso(epoch)} title={`${dateTime(epoch)} ${t.zone}`}>
      {short(epoch, now)}
      {beside ? <span className={css.beside}> {relative(epoch, now, language)}</span> : null}
    </time>
  );
}

const iso = (epoch: number) => `${dateTime(epoch).replace(' ', 'T')}+08:00`;

/** What is left until a deadline: grey, amber from 24 hours on, red from 4, then how late it is. */
export function Countdown({ until }: { until: string }) {
  const t = useTexts(words);
  const language = useLanguage();
  const epoch = parse(until);
  const near = epoch !== null && Math.abs(epoch - serverNow()) < HOUR;
  const now = useNow(near ? 'second' : 'half minute');
  if (epoch === null) return <span className={css.soft}>{t.none}</span>;
  const much = span(epoch - now, language);
  return (
    <time
      className={`${css.countdown} ${css[urgency(epoch, now)]}`}
      dateTime={iso(epoch)}
      title={`${dateTime(epoch)} ${t.zone}`}
    >
      {epoch < now ? t.late(much) : t.left(much)}
    </time>
  );
}
