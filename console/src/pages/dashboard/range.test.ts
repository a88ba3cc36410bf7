import { expect, test } from 'vitest';
import { daysOf, everyDay, fromAddress, plusDays, times, toAddress } from './range';

test('days go on over the ends of months', () => {
  expect(plusDays('2024-03-01', -1)).toBe('2024-02-29');
  expect(plusDays('2023-12-31', 1)).toBe('2024-01-01');
});

test('named ranges move with the day', () => {
  expect(daysOf('today', '2024-04-19')).toEqual({ from: '2024-04-19', to: '2024-04-19' });
  expect(daysOf('7d', '2024-04-19')).toEqual({ from: '2024-04-13', to: '2024-04-19' });
  expect(daysOf('30d', '2024-03-01')).toEqual({ from: '2024-02-01', to: '2024-03-01' });
  expect(daysOf('month', '2024-04-19')).toEqual({ from: '2024-04-01', to: '2024-04-19' });
  expect(daysOf('all', '2024-04-19')).toBeUndefined();
  expect(times(daysOf('today', '2024-04-19'))).toEqual({
    start_time: '2024-04-19 00:00:00',
    end_time: '2024-04-19 23:59:59',
  });
  expect(times(undefined)).toEqual({});
});

test('the address keeps what was chosen, and nonsense is the usual', () => {
  for (const range of ['today', '30d', 'all', { from: '2024-02-29', to: '2024-03-01' }] as const) {
    expect(fromAddress(new URLSearchParams(toAddress(range)))).toEqual(range);
  }
  for (const text of [
    'range=1d',
    'from=2024-02-30&to=2024-03-01',
    'from=2024-03-02&to=2024-03-01',
    'from=2024-03-01',
  ]) {
    expect(fromAddress(new URLSearchParams(text))).toBe('30d');
  }
});

test('days without complaints are there, too', () => {
  const none = (day: string) => ({ day, total: 0 });
  const counted = [
    { day: '2024-04-18', total: 2 },
    { day: '2024-04-20', total: 1 },
  ];
  const totals = (days?: { from: string; to: string }) =>
    everyDay(counted, days, none).map((row) => row.total);
  expect(totals()).toEqual([2, 0, 1]);
  expect(totals({ from: '2024-04-17', to: '2024-04-21' })).toEqual([0, 2, 0, 1, 0]);
  expect(everyDay([], undefined, none)).toEqual([]);
});
