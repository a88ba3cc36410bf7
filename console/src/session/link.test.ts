import { expect, test } from 'vitest';
import { withShop } from './link';

test('an address says which shop it is for, once, and keeps what it said', () => {
  expect(withShop('/queue', 'appA')).toBe('/queue?shop=appA');
  expect(withShop('/queue?tab=done&channel=1&channel=3', 'appA')).toBe(
    '/queue?tab=done&channel=1&channel=3&shop=appA',
  );
  expect(withShop('/queue?shop=appB', 'appA')).toBe('/queue?shop=appA');
});
