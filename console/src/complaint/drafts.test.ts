import { expect, test } from 'vitest';
import { draftKey, draftOf, keepDraft } from './drafts';

test('a draft is of one person, one shop, one complaint and one kind of text', () => {
  const key = draftKey('u1', 'appA', 'c_1', 'reply');
  keepDraft(key, '您好');
  expect(draftOf(key)).toBe('您好');
  for (const other of [
    draftKey('u2', 'appA', 'c_1', 'reply'),
    draftKey('u1', 'appB', 'c_1', 'reply'),
    draftKey('u1', 'appA', 'c_2', 'reply'),
    draftKey('u1', 'appA', 'c_1', 'note'),
  ]) {
    expect(draftOf(other)).toBe('');
  }
  keepDraft(key, '');
  expect(draftOf(key)).toBe('');
});

test('the oldest go when there are many', () => {
  for (let at = 0; at < 101; at += 1) keepDraft(`many ${at}`, 'text');
  expect([draftOf('many 0'), draftOf('many 1')]).toEqual(['', 'text']);
});
