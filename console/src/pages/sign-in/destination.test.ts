import { expect, test } from 'vitest';
import { destination } from './destination';

test('one goes back to where one wanted to', () => {
  expect(destination('/queue?tab=overdue&open=c_1')).toBe('/queue?tab=overdue&open=c_1');
  expect(destination('/complaints/c_1')).toBe('/complaints/c_1');
});

test('nobody is led to another site, or around in a circle', () => {
  for (const to of [
    null,
    '',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/sign-in?to=/queue',
  ]) {
    expect(destination(to), String(to)).toBe('/queue');
  }
});
