import { expect, test } from 'vitest';
import {
  changed,
  conditions,
  DEFAULT,
  type Filter,
  fromAddress,
  narrowings,
  queueLink,
  toAddress,
  withOpen,
} from './filter';

const NOON = Date.UTC(2024, 3, 19, 4) / 1000;
const through = (filter: Filter) => fromAddress(new URLSearchParams(toAddress(filter).toString()));

test('an address says all of a filter, and nothing that goes without saying', () => {
  const filters: Filter[] = [
    DEFAULT,
    {
      ...DEFAULT,
      tab: 'all',
      channel: [1, 3],
      source: [201, 999],
      state: [0, 1],
      step: [4],
      assignee: ['小李', 'a,b&c=d'],
      tag: ['退款', '加急'],
      from: '2024-04-01',
      to: '2024-04-30 12:00:00',
      dueFrom: '2024-05-01',
      dueTo: '2024-05-02',
      hour: [0, 23],
      overtime: 2,
      text: '退款 & 运费?',
      order: 'o_1710921515_65fa972b227f7_509789V2',
      phone: '0474',
      sort: 'complaint_time',
      page: 7,
      size: 100,
    },
    { ...DEFAULT, tab: 'overdue', unassigned: true, sort: 'changed' },
    { ...DEFAULT, tab: 'done', sort: 'changed' },
  ];
  for (const filter of filters) expect(through(filter)).toEqual(filter);
  expect(queueLink({})).toBe('/queue');
  expect(queueLink({ tab: 'overdue', channel: [3] })).toBe('/queue?tab=overdue&channel=3');
});

test('an address that somebody mistyped is read as far as it makes sense', () => {
  const filter = fromAddress(
    new URLSearchParams(
      'tab=nothing&channel=x&channel=3&sort=up&page=-1&size=7&from=yesterday&phone=12345&overtime=9&state=0&hour=24',
    ),
  );
  expect(filter).toEqual({ ...DEFAULT, channel: [3] });
});

test('what is done has no order by deadline', () => {
  expect(fromAddress(new URLSearchParams('tab=done&sort=deadline')).sort).toBe('changed');
});

test('what is overdue is late, whatever else the address says', () => {
  expect(fromAddress(new URLSearchParams('tab=overdue&overtime=1')).overtime).toBe(0);
});

test('tabs are conditions', () => {
  const of = (filter: Partial<Filter>) => conditions({ ...DEFAULT, ...filter }, NOON, 4);
  expect(of({})).toEqual({ state: [0] });
  expect(of({ tab: 'all' })).toEqual({});
  expect(of({ tab: 'overdue' })).toEqual({ state: [0, 1], is_overtime: 2 });
  expect(of({ tab: 'due_soon' })).toEqual({
    due_after: '2024-04-19 12:00:00',
    due_before: '2024-04-19 16:00:00',
  });
  // A range that is asked for narrows the tab's, and does not replace it.
  expect(of({ tab: 'due_soon', dueFrom: '2024-04-19 13:00:00', dueTo: '2024-04-20' })).toEqual({
    due_after: '2024-04-19 13:00:00',
    due_before: '2024-04-19 16:00:00',
  });
});

test('days are counted whole, and a text too short to be looked for is left out', () => {
  const asked = conditions(
    { ...DEFAULT, tab: 'all', from: '2024-04-01', to: '2024-04-02', text: '退' },
    NOON,
    4,
  );
  expect(asked).toEqual({ start_time: '2024-04-01 00:00:00', end_time: '2024-04-02 23:59:59' });
});

test('conditions are counted', () => {
  expect(narrowings(DEFAULT)).toBe(0);
  expect(
    narrowings({ ...DEFAULT, channel: [1, 2], from: '2024-04-01', to: '2024-04-02', text: '退款' }),
  ).toBe(3);
});

test('a change of one condition leaves the others and the shop, and closes what is open', () => {
  const address = new URLSearchParams('tab=all&channel=1&shop=appA&open=c_1&page=3');
  expect(`${changed(address, { unassigned: true, page: 1 })}`).toBe(
    'tab=all&channel=1&unassigned=1&shop=appA',
  );
  expect(`${changed(changed(address, { tab: 'done' }), { text: 'x' })}`).toContain('tab=done&channel=1&q=x');
});

test('opening and closing a complaint leaves the rest as it is', () => {
  const address = new URLSearchParams('tab=all&shop=appA');
  expect(`${withOpen(address, 'c_1')}`).toBe('tab=all&shop=appA&open=c_1');
  expect(`${withOpen(withOpen(address, 'c_1'), null)}`).toBe(`${address}`);
});

test('a condition without a value is none', () => {
  expect(fromAddress(new URLSearchParams('channel=&tab=all&state=0&state='))).toMatchObject({
    channel: [],
    state: [0],
  });
});
