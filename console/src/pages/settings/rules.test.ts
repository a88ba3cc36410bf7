import { describe, expect, test } from 'vitest';
import {
  type Draft,
  draftOf,
  earliest,
  inOrder,
  oneOf,
  type Rule,
  standing,
  titleOf,
  withoutRule,
  withRule,
} from './rules';

const standard: Rule[] = [
  { id: 'std.any', version: 1, stage: 'settlement', kind: { hours: 72 }, title: '72 小时 ¦ 72 hours' },
  { id: 'std.mini', version: 1, source: 102, stage: 'settlement', kind: { hours: 72 }, title: 'x' },
  {
    id: 'std.mini',
    version: 2,
    source: 102,
    from: '2024-03-25',
    stage: 'settlement',
    kind: { hours: 48 },
    title: 'x',
  },
];

const shop: Draft = {
  scope: { of: 'channel', code: 1 },
  stage: 'settlement',
  unit: 'hours',
  n: 48,
  from: undefined,
};

describe('a rule that is added', () => {
  test('is the first version of its own id', () => {
    expect(withRule([], shop, 'a title')).toEqual([
      {
        id: 'own.channel-1.settlement',
        version: 1,
        channel: 1,
        stage: 'settlement',
        kind: { hours: 48 },
        title: 'a title',
      },
    ]);
  });

  test('is the next version where there is one of the scope and stage, whatever its id', () => {
    const there: Rule[] = [
      { id: 'ours', version: 3, channel: 1, stage: 'settlement', kind: { day_end: 2 }, title: 'x' },
      { id: 'ours', version: 2, channel: 1, stage: 'settlement', kind: { day_end: 1 }, title: 'x' },
    ];
    const rules = withRule(there, { ...shop, from: '2024-05-01' }, 'y');
    expect(rules.slice(0, 2)).toEqual(there);
    expect(rules[2]).toMatchObject({ id: 'ours', version: 4, from: '2024-05-01', kind: { hours: 48 } });
  });

  test('does not count those of the other stage or of other scopes', () => {
    const there = withRule([], { ...shop, stage: 'first_reply' }, 'x');
    expect(withRule(there, shop, 'y')[1]).toMatchObject({ id: 'own.channel-1.settlement', version: 1 });
    expect(withRule(there, { ...shop, scope: { of: 'any' } }, 'y')[1]).not.toHaveProperty('channel');
  });

  test('comes back as what was filled in, and goes again', () => {
    const rules = withRule(standard, shop, 'x');
    const added = rules.at(-1) as Rule;
    expect(draftOf(added)).toEqual(shop);
    expect(withoutRule(rules, added)).toEqual(standard);
  });
});

test('a version cannot hold from before the one before it', () => {
  expect(earliest(standard, { ...shop, scope: { of: 'source', code: 102 } })).toBe('2024-03-25');
  expect(earliest(standard, shop)).toBeUndefined();
});

test('rules are read from the general to the special, the newest first', () => {
  const own = withRule([], shop, 'x');
  expect(inOrder([...standard, ...own]).map((rule) => `${rule.id} ${rule.version}`)).toEqual([
    'std.any 1',
    'own.channel-1.settlement 1',
    'std.mini 2',
    'std.mini 1',
  ]);
});

test('which rule holds today', () => {
  const at = (rule: number, today: string, own: Rule[] = []) =>
    standing(standard[rule] as Rule, own, standard, today);
  expect([at(1, '2024-03-24'), at(2, '2024-03-24')]).toEqual(['holds', 'ahead']);
  expect([at(1, '2024-03-25'), at(2, '2024-03-25')]).toEqual(['past', 'holds']);
  const own = withRule([], { ...shop, scope: { of: 'any' } }, 'x');
  expect(at(0, '2024-03-25', own)).toBe('covered');
  expect(standing(own[0] as Rule, own, standard, '2024-03-25')).toBe('holds');
  const ahead = withRule([], { ...shop, scope: { of: 'any' }, from: '2024-04-01' }, 'x');
  expect(at(0, '2024-03-25', ahead)).toBe('holds');
});

test('a title in one language', () => {
  expect([oneOf('中 ¦ en', 'zh'), oneOf('中 ¦ en', 'en'), oneOf('中', 'en')]).toEqual(['中', 'en', '中']);
});

test('a title says all that the rule says', () => {
  expect(titleOf(shop)).toBe('店铺：48 小时内处理完结 ¦ Shop: settled within 48 hours');
  expect(titleOf({ ...shop, scope: { of: 'any' }, stage: 'first_reply', unit: 'day_end', n: 1 })).toBe(
    '所有投诉：第 1 日 24:00 前首次回复 ¦ All complaints: first reply by 24:00 of day 1',
  );
});
