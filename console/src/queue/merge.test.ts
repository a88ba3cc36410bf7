import { expect, test } from 'vitest';
import { anew, merged, type Row } from './merge';

const rows = (...written: string[]): Row[] =>
  written.map((each) => {
    const [complaint_id = '', version = '1'] = each.split(':');
    return { complaint_id, version: Number(version) };
  });
const ids = (shown: { rows: readonly Row[] }) =>
  shown.rows.map((row) => `${row.complaint_id}:${row.version}`).join(' ');

test('what nobody reads is shown as it is, and what came is pointed out', () => {
  const shown = merged(anew(rows('a', 'b')), rows('c', 'a', 'b:2'), false);
  expect(ids(shown)).toBe('c:1 a:1 b:2');
  expect([...shown.fresh]).toEqual(['c']);
  expect(shown.waiting).toBeNull();
});

test('nothing moves under the eyes of a reader, but rows change where they are', () => {
  const shown = merged(anew(rows('a', 'b', 'c')), rows('new', 'a:2', 'c'), true);
  expect(ids(shown)).toBe('a:2 b:1 c:1');
  expect([...shown.gone]).toEqual(['b']);
  expect(shown.waiting).toEqual({ came: 1, left: 1 });
});

test('what is added at the end moves nothing, and is shown to readers, too', () => {
  const shown = merged(anew(rows('a', 'b')), rows('a', 'b', 'c'), true);
  expect(ids(shown)).toBe('a:1 b:1 c:1');
  expect(shown.waiting).toBeNull();
});

test('what waited and went again waits no longer', () => {
  const before = anew(rows('a', 'b'));
  const waiting = merged(before, rows('new', 'a', 'b'), true);
  expect(waiting.waiting).toEqual({ came: 1, left: 0 });
  expect(merged(waiting, rows('a', 'b'), true).waiting).toBeNull();
});

test('a row that has not changed is the same object, and is not drawn again', () => {
  const before = anew(rows('a', 'b'));
  const shown = merged(before, rows('a', 'b:2'), false);
  expect(shown.rows[0]).toBe(before.rows[0]);
  expect(shown.rows[1]).not.toBe(before.rows[1]);
  expect(merged(before, rows('a', 'b'), false).rows).toBe(before.rows);
});
