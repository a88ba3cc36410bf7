import { expect, test } from 'vitest';
import type { PermissionSet } from '~/session';
import { NEVER, parse } from '~/time';
import { allowed } from './actions';

const NOW = parse('2024-04-20 00:00:00') as number;
const SETTINGS = { merchant_closes: 0, consumer_reopens_hours: 24 };
const role =
  (...sets: PermissionSet[]) =>
  (set: PermissionSet) =>
    sets.includes(set);
const VIEWER = role('投诉管理-查询');
const AGENT = role('投诉管理-查询', '投诉管理-处理');
const SUPERVISOR = role('投诉管理-查询', '投诉管理-处理', '投诉管理-敏感信息', '投诉管理-平台');
const open = (state: number) => ({ state, closed_at: NEVER });
const closed = (at: string) => ({ state: 2, closed_at: at });

test('a viewer may do nothing', () => {
  for (const standing of [open(0), open(1), closed('2024-04-19 12:00:00')]) {
    expect(Object.values(allowed(standing, VIEWER, SETTINGS, NOW)).filter((may) => may === true)).toEqual([]);
  }
});

test('an agent closes only where the shop lets its own people', () => {
  expect(allowed(open(0), AGENT, SETTINGS, NOW)).toMatchObject({
    reply: true,
    close: null,
    closeElsewhere: true,
    checkFailed: false,
  });
  expect(allowed(open(0), AGENT, { ...SETTINGS, merchant_closes: 1 }, NOW)).toMatchObject({
    close: 'merchant',
    closeElsewhere: false,
  });
  // Nothing is said as long as the shop's settings are not known.
  expect(allowed(open(0), AGENT, undefined, NOW)).toMatchObject({ close: null, closeElsewhere: false });
});

test('whoever may close for the shop does so, and not for the platform', () => {
  expect(allowed(open(0), SUPERVISOR, { ...SETTINGS, merchant_closes: 1 }, NOW).close).toBe('merchant');
  expect(allowed(open(0), VIEWER, { ...SETTINGS, merchant_closes: 1 }, NOW).close).toBeNull();
});

test('a supervisor acts for the platform, where the state allows it', () => {
  expect(allowed(open(0), SUPERVISOR, SETTINGS, NOW)).toMatchObject({
    close: 'platform',
    checkFailed: false,
  });
  expect(allowed(open(1), SUPERVISOR, SETTINGS, NOW).checkFailed).toBe(true);
});

test('what is done is taken up again, by consumers as long as they have time', () => {
  expect(allowed(closed('2024-04-19 12:00:00'), AGENT, SETTINGS, NOW)).toMatchObject({
    reply: false,
    reopen: ['consumer'],
  });
  expect(allowed(closed('2024-04-18 12:00:00'), AGENT, SETTINGS, NOW).reopen).toEqual([]);
  expect(allowed(closed('2024-04-18 12:00:00'), SUPERVISOR, SETTINGS, NOW).reopen).toEqual(['platform']);
});
