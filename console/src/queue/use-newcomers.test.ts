import { expect, test } from 'vitest';
import { sinceThen } from './use-newcomers';

const NOON = Date.UTC(2024, 3, 19, 4) / 1000;

test('what came in since then is within what is looked for', () => {
  expect(sinceThen({ channel_type: [1] }, NOON)).toEqual({
    channel_type: [1],
    start_time: '2024-04-19 12:00:00',
  });
  expect(sinceThen({ start_time: '2024-04-01 00:00:00' }, NOON)?.start_time).toBe('2024-04-19 12:00:00');
  expect(sinceThen({ start_time: '2024-04-20 00:00:00' }, NOON)?.start_time).toBe('2024-04-20 00:00:00');
});

test('nothing comes into days that are over', () => {
  expect(sinceThen({ end_time: '2024-04-18 23:59:59' }, NOON)).toBeNull();
  expect(sinceThen({ end_time: '2024-04-19 23:59:59' }, NOON)).toMatchObject({
    end_time: '2024-04-19 23:59:59',
  });
});
