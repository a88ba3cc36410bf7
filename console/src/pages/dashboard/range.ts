// Of which days the dashboard tells, in the address and on the wire; pure. Days are those of Beijing, `yyyy-MM-dd`.

import { DAY } from '~/time';

/** From one day to another, both included. */
export interface Days {
  from: string;
  to: string;
}

export const PRESETS = ['today', '7d', '30d', '90d', 'month', 'all'] as const;
export type Preset = (typeof PRESETS)[number];
export const USUAL: Preset = '30d';

/** What is chosen: a name that moves with the days, or days that stay. */
export type Range = Preset | Days;

export const plusDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY * 1000).toISOString().slice(0, 10);

/** The days that are meant on `today`; undefined: all there ever were. */
export function daysOf(range: Range, today: string): Days | undefined {
  if (typeof range !== 'string') return range;
  switch (range) {
    case 'today':
      return { from: today, to: today };
    case '7d':
      return { from: plusDays(today, -6), to: today };
    case '30d':
      return { from: plusDays(today, -29), to: today };
    case '90d':
      return { from: plusDays(today, -89), to: today };
    case 'month':
      return { from: `${today.slice(0, 8)}01`, to: today };
    case 'all':
      return undefined;
  }
}

/** As filters take it. */
export const times = (days: Days | undefined): { start_time?: string; end_time?: string } =>
  days ? { start_time: `${days.from} 00:00:00`, end_time: `${days.to} 23:59:59` } : {};

/** Whether a text is a day that there is. */
function isDay(text: string | null): text is string {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const midnight = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text);
}

/** The range that the address says; the usual one if it says none that can be read. */
export function fromAddress(address: URLSearchParams): Range {
  const [from, to] = [address.get('from'), address.get('to')];
  if (isDay(from) && isDay(to) && from <= to) return { from, to };
  const name = address.get('range');
  return PRESETS.find((preset) => preset === name) ?? USUAL;
}

export function toAddress(range: Range): Record<string, string> {
  if (typeof range !== 'string') return { ...range };
  return range === USUAL ? {} : { range };
}

/** Every day of them with what `counted` has of it: days without any are left out on the wire. */
export function everyDay<Counted extends { day: string }>(
  counted: readonly Counted[],
  days: Days | undefined,
  none: (day: string) => Counted,
): Counted[] {
  const first = days?.from ?? counted[0]?.day;
  const last = days?.to ?? counted.at(-1)?.day;
  if (first === undefined || last === undefined) return [];
  const known = new Map(counted.map((row) => [row.day, row]));
  const all: Counted[] = [];
  for (let day = first; day <= last; day = plusDays(day, 1)) all.push(known.get(day) ?? none(day));
  return all;
}
