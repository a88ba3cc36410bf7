// Times. The wire has Beijing time without a zone, to the second; so has everything that people read.
// Whoever sits in another zone sees Beijing time too, since deadlines are Beijing's.

import { type Language, type Pair, pick } from './i18n';

/** Beijing is ahead of UTC by this, in milliseconds, all year. */
const AHEAD = 8 * 3_600_000;
export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;

/** What the wire says of a complaint that is not closed. */
export const NEVER = '1970-01-02 00:00:00';

const WRITTEN = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?/;

/** Epoch seconds of a Beijing time as the wire writes it; `null` for what is none. */
export function parse(written: string | null | undefined): number | null {
  const parts = WRITTEN.exec(written ?? '');
  if (!parts || written === NEVER) return null;
  const [, year, month, day, hour = 0, minute = 0, second = 0] = parts;
  return (Date.UTC(+`${year}`, +`${month}` - 1, +`${day}`, +hour, +minute, +second) - AHEAD) / 1000;
}

const two = (number: number) => String(number).padStart(2, '0');

function fields(epoch: number) {
  const beijing = new Date(epoch * 1000 + AHEAD);
  return {
    year: beijing.getUTCFullYear(),
    month: beijing.getUTCMonth() + 1,
    day: beijing.getUTCDate(),
    hour: beijing.getUTCHours(),
    minute: beijing.getUTCMinutes(),
    second: beijing.getUTCSeconds(),
  };
}

/** `2024-04-19` */
export function date(epoch: number): string {
  const { year, month, day } = fields(epoch);
  return `${year}-${two(month)}-${two(day)}`;
}

/** `2024-04-19 11:25:19`, as the wire takes it. */
export function dateTime(epoch: number): string {
  const { hour, minute, second } = fields(epoch);
  return `${date(epoch)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

/** `04-19 11:25`, with the year if it is another than that of `now`. */
export function short(epoch: number, now: number): string {
  const { year, month, day, hour, minute } = fields(epoch);
  const rest = `${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
  return year === fields(now).year ? rest : `${year}-${rest}`;
}

/** The first second of that moment's day in Beijing. */
export function dayStart(epoch: number): number {
  return Math.floor((epoch + AHEAD / 1000) / DAY) * DAY - AHEAD / 1000;
}

/** `3 小时 12 分`: two units at most, the second left out where it does not matter. */
export function span(seconds: number, language?: Language): string {
  const all = Math.max(0, Math.floor(Math.abs(seconds)));
  const days = Math.floor(all / DAY);
  const hours = Math.floor((all % DAY) / HOUR);
  const minutes = Math.floor((all % HOUR) / MINUTE);
  const parts: Pair[] =
    days >= 10
      ? [[`${days} 天`, `${days} d`]]
      : days > 0
        ? [[`${days} 天`, `${days} d`], ...(hours ? [[`${hours} 小时`, `${hours} h`] as const] : [])]
        : hours > 0
          ? [
              [`${hours} 小时`, `${hours} h`],
              ...(minutes ? [[`${minutes} 分`, `${minutes} min`] as const] : []),
            ]
          : minutes > 0
            ? [[`${minutes} 分`, `${minutes} min`]]
            : [[`${all} 秒`, `${all} s`]];
  return parts.map((part) => pick(part, language)).join(' ');
}

/** `3 小时后`, `5 分前`, `刚刚`. */
export function relative(epoch: number, now: number, language?: Language): string {
  const away = epoch - now;
  if (Math.abs(away) < 45) return pick(away > 10 ? ['马上', 'in a moment'] : ['刚刚', 'just now'], language);
  // The larger unit alone: who wants it to the minute reads the time beside it.
  const all = Math.abs(away);
  const rounded: Pair =
    all >= 2 * DAY
      ? [`${Math.round(all / DAY)} 天`, `${Math.round(all / DAY)} d`]
      : all >= HOUR - MINUTE / 2
        ? [`${Math.round(all / HOUR)} 小时`, `${Math.round(all / HOUR)} h`]
        : [`${Math.max(1, Math.round(all / MINUTE))} 分`, `${Math.max(1, Math.round(all / MINUTE))} min`];
  const [zh, en] = rounded;
  return pick(away > 0 ? [`${zh}后`, `in ${en}`] : [`${zh}前`, `${en} ago`], language);
}

/** How pressing a deadline is: grey, amber from 24 hours on, red from 4, then late. */
export type Urgency = 'calm' | 'soon' | 'urgent' | 'late';

export function urgency(deadline: number, now: number): Urgency {
  const left = deadline - now;
  if (left < 0) return 'late';
  if (left < 4 * HOUR) return 'urgent';
  return left < DAY ? 'soon' : 'calm';
}

// ---- The server's clock, by which things are late or not.

let skew = 0;

/** Learns the server's time from an answer. */
export function learn(serverNow: number) {
  const off = serverNow - Date.now() / 1000;
  // An answer's way takes time; who is nearer than that is right.
  if (Math.abs(off - skew) > 1.5) skew = off;
}

/** Now, by the server's clock, in epoch seconds. */
export const now = (): number => Math.floor(Date.now() / 1000 + skew);
