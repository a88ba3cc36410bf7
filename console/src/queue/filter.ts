// What is looked for in the queue, and how the address says it, so that a view can be sent to a colleague.

import type { Params } from '~/api';
import { dateTime, HOUR } from '~/time';

export const TABS = ['all', 'pending', 'processing', 'due_soon', 'overdue', 'done'] as const;
export type Tab = (typeof TABS)[number];

export const SORTS = ['deadline', 'complaint_time', 'changed'] as const;
export type Sort = (typeof SORTS)[number];

export const PAGE_SIZES = [20, 50, 100] as const;
/** The server goes no deeper by the page's number. */
export const DEEPEST_ROW = 10_000;

export interface Filter {
  tab: Tab;
  channel: number[];
  source: number[];
  /** Only where the tab leaves it open. */
  state: number[];
  step: number[];
  assignee: string[];
  /** Nobody's. */
  unassigned: boolean;
  tag: string[];
  /** Complained, with both days counted: `2024-04-19`, or with a time of day. */
  from: string;
  to: string;
  /** Due likewise. */
  dueFrom: string;
  dueTo: string;
  /** Hours of the day of the complaint, 0 to 23. */
  hour: number[];
  /** 1 in time, 2 late. */
  overtime: 0 | 1 | 2;
  text: string;
  /** An order or a resource, whole. */
  order: string;
  /** The last four digits of a phone number. */
  phone: string;
  sort: Sort;
  page: number;
  size: number;
}

/** The home page: what waits, the most urgent first. */
export const DEFAULT: Filter = {
  tab: 'pending',
  channel: [],
  source: [],
  state: [],
  step: [],
  assignee: [],
  unassigned: false,
  tag: [],
  from: '',
  to: '',
  dueFrom: '',
  dueTo: '',
  hour: [],
  overtime: 0,
  text: '',
  order: '',
  phone: '',
  sort: 'deadline',
  page: 1,
  size: 20,
};

/** What is done has no deadline any more: such tabs have another order. */
export const sortsOf = (tab: Tab): readonly Sort[] =>
  tab === 'done' || tab === 'all' ? ['changed', 'complaint_time'] : SORTS;

const numbers = (search: URLSearchParams, name: string) =>
  unique(search.getAll(name).filter(Boolean).map(Number).filter(Number.isSafeInteger));
const strings = (search: URLSearchParams, name: string) => unique(search.getAll(name).filter(Boolean));
const unique = <T>(values: T[]) => [...new Set(values)].slice(0, 50);
const MOMENT = /^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$/;
const moment = (search: URLSearchParams, name: string) => {
  const given = search.get(name) ?? '';
  return MOMENT.test(given) ? given : '';
};

/** Reads an address. What it does not say, or says wrongly, is as on the home page. */
export function fromAddress(search: URLSearchParams): Filter {
  const tab = oneOf(TABS, search.get('tab')) ?? DEFAULT.tab;
  const sorts = sortsOf(tab);
  const size = Number(search.get('size'));
  const page = Number(search.get('page'));
  const overtime = Number(search.get('overtime'));
  return {
    tab,
    channel: numbers(search, 'channel'),
    source: numbers(search, 'source'),
    state: tab === 'all' ? numbers(search, 'state') : [],
    step: numbers(search, 'step'),
    assignee: strings(search, 'assignee'),
    unassigned: search.get('unassigned') === '1',
    tag: strings(search, 'tag'),
    from: moment(search, 'from'),
    to: moment(search, 'to'),
    dueFrom: moment(search, 'due_from'),
    dueTo: moment(search, 'due_to'),
    hour: numbers(search, 'hour').filter((hour) => hour >= 0 && hour < 24),
    // What is overdue is late.
    overtime: tab !== 'overdue' && (overtime === 1 || overtime === 2) ? overtime : 0,
    text: (search.get('q') ?? '').slice(0, 100),
    order: (search.get('order') ?? '').slice(0, 256),
    phone: /^\d{4}$/.test(search.get('phone') ?? '') ? (search.get('phone') ?? '') : '',
    sort: oneOf(sorts, search.get('sort')) ?? (sorts[0] as Sort),
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
    size: (PAGE_SIZES as readonly number[]).includes(size) ? size : DEFAULT.size,
  };
}

const oneOf = <T extends string>(all: readonly T[], given: string | null): T | undefined =>
  all.find((one) => one === given);

/** Writes an address: only what differs from the home page. */
export function toAddress(given: Partial<Filter>): URLSearchParams {
  const filter = { ...DEFAULT, ...given };
  const search = new URLSearchParams();
  const say = (name: string, value: string | number, silent: string | number) => {
    if (value !== silent) search.append(name, String(value));
  };
  say('tab', filter.tab, DEFAULT.tab);
  for (const channel of filter.channel) search.append('channel', String(channel));
  for (const source of filter.source) search.append('source', String(source));
  if (filter.tab === 'all') for (const state of filter.state) search.append('state', String(state));
  for (const step of filter.step) search.append('step', String(step));
  for (const assignee of filter.assignee) search.append('assignee', assignee);
  if (filter.unassigned) search.append('unassigned', '1');
  for (const tag of filter.tag) search.append('tag', tag);
  say('from', filter.from, '');
  say('to', filter.to, '');
  say('due_from', filter.dueFrom, '');
  say('due_to', filter.dueTo, '');
  for (const hour of filter.hour) search.append('hour', String(hour));
  say('overtime', filter.overtime, 0);
  say('q', filter.text, '');
  say('order', filter.order, '');
  say('phone', filter.phone, '');
  const sorts = sortsOf(filter.tab);
  if (sorts.includes(filter.sort)) say('sort', filter.sort, sorts[0] as Sort);
  say('page', filter.page, 1);
  say('size', filter.size, DEFAULT.size);
  return search;
}

/** The address of the queue that shows exactly that. */
export function queueLink(filter: Partial<Filter>): string {
  const search = toAddress(filter).toString();
  return search ? `/queue?${search}` : '/queue';
}

/** The address with a part of the filter changed. What is open is closed: the list may have it no more. */
export function changed(address: URLSearchParams, part: Partial<Filter>): URLSearchParams {
  const after = toAddress({ ...fromAddress(address), ...part });
  const shop = address.get('shop');
  if (shop) after.set('shop', shop);
  return after;
}

/** The address with that complaint open beside the list, or none. */
export function withOpen(address: URLSearchParams, id: string | null): URLSearchParams {
  const after = new URLSearchParams(address);
  if (id === null) after.delete('open');
  else after.set('open', id);
  return after;
}

/** Whether anything is looked for beyond the tab. */
export const narrowed = (filter: Filter): boolean => narrowings(filter) > 0;

/** By how many conditions the tab is narrowed. */
export function narrowings(filter: Filter): number {
  const { channel, source, state, step, assignee, tag, hour } = filter;
  const lists = [channel, source, state, step, assignee, tag, hour].filter((list) => list.length > 0).length;
  const ranges = [filter.from || filter.to, filter.dueFrom || filter.dueTo].filter(Boolean).length;
  const single = [filter.text, filter.order, filter.phone, filter.overtime, filter.unassigned].filter(
    Boolean,
  ).length;
  return lists + ranges + single;
}

/** The same tab and order without any condition. */
export const cleared = (filter: Filter): Filter => ({
  ...DEFAULT,
  tab: filter.tab,
  sort: filter.sort,
  size: filter.size,
});

/** The part of the filter that decides which complaints are found, and not how they are shown. */
export const looked = ({ page: _, size: __, sort: ___, ...rest }: Filter) => rest;

const startOf = (day: string) => (day.length === 10 ? `${day} 00:00:00` : day);
const endOf = (day: string) => (day.length === 10 ? `${day} 23:59:59` : day);
const later = (one: string, other: string) => (one > other ? one : other);
const earlier = (one: string, other: string) => (one && one < other ? one : other);

/** The filter as the server takes it. `now` is in epoch seconds, `dueSoonHours` the shop's. */
export function conditions(
  filter: Filter,
  now: number,
  dueSoonHours: number,
): Params<'tousu.complaint.search'> {
  const asked: Params<'tousu.complaint.search'> = {};
  if (filter.channel.length) asked.channel_type = filter.channel;
  if (filter.source.length) asked.complaint_from = filter.source;
  if (filter.step.length) asked.current_step = filter.step;
  if (filter.assignee.length) asked.assignee = filter.assignee;
  if (filter.unassigned) asked.unassigned = 1;
  if (filter.tag.length) asked.tag = filter.tag;
  if (filter.from) asked.start_time = startOf(filter.from);
  if (filter.to) asked.end_time = endOf(filter.to);
  if (filter.dueFrom) asked.due_after = startOf(filter.dueFrom);
  if (filter.dueTo) asked.due_before = endOf(filter.dueTo);
  if (filter.hour.length) asked.hour = filter.hour;
  if (filter.overtime) asked.is_overtime = filter.overtime;
  if (filter.text.length >= 2) asked.text = filter.text;
  if (filter.order) asked.complaint_resource_id = filter.order;
  if (filter.phone) asked.phone_tail = filter.phone;
  switch (filter.tab) {
    case 'all':
      if (filter.state.length) asked.state = filter.state;
      break;
    case 'pending':
      asked.state = [0];
      break;
    case 'processing':
      asked.state = [1];
      break;
    case 'due_soon':
      asked.due_after = later(asked.due_after ?? '', dateTime(now));
      asked.due_before = earlier(asked.due_before ?? '', dateTime(now + dueSoonHours * HOUR));
      break;
    case 'overdue':
      asked.state = [0, 1];
      asked.is_overtime = 2;
      break;
    case 'done':
      asked.state = [2];
      break;
  }
  return asked;
}
