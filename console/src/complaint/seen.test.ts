import { expect, test } from 'vitest';
import { seenAfter } from './seen';

test('what one finds is seen', () => {
  expect(seenAfter(null, { version: 3, entry: 7 })).toEqual({ version: 3, entry: 7 });
});

test('what others do is seen when one says so', () => {
  const before = { version: 3, entry: 7 };
  expect(seenAfter(before, { version: 4, entry: 8 })).toBe(before);
});

test('one’s own act is seen before its entry is there, and then with it', () => {
  expect(seenAfter({ version: 4, entry: 7 }, { version: 4, entry: 8 })).toEqual({ version: 4, entry: 8 });
});

test('whoever did something while the complaint was read leaves nothing that could not be acknowledged', () => {
  // The standing of before, with the history of after.
  const first = seenAfter(null, { version: 3, entry: 8 });
  expect(seenAfter(first, { version: 4, entry: 8 })).toEqual({ version: 4, entry: 8 });
});

test('what is the same stays the very same', () => {
  const before = { version: 3, entry: 7 };
  expect(seenAfter(before, { version: 3, entry: 7 })).toBe(before);
});
