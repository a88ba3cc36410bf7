import { expect, test } from 'vitest';
import type { Complaint, HistoryEntry } from '~/api';
import { NEVER } from '~/time';
import { newest, since, story } from './story';

const COMPLAINT = {
  complaint_from: '101',
  complaint_time: '2024-04-13 22:57:42',
  reply_list: [] as Complaint['reply_list'],
} as Complaint;

function entry(number: number, event: string, at: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    entry: number,
    event,
    title: '',
    actor: 'merchant',
    operator: '小李',
    happened_at: at,
    before: {},
    after: {},
    said: {},
    hash: '',
    ...more,
  };
}

const OPEN = { closed_at: NEVER, current_step: 1 };
const closed = (current_step: number) => ({ closed_at: '2024-04-15 10:00:00', current_step });

const reply = (time: string, content: string) => ({
  complaint_id: 'c',
  reply_from: 'merchant',
  content,
  images: [],
  time,
});

test('a complaint without a history tells what its fields know', () => {
  const complaint = { ...COMPLAINT, reply_list: [reply('2024-04-14 09:00:00', '您好')] };
  const told = story(complaint, [], closed(5));
  expect(told.map((each) => [each.event, each.side, each.text])).toEqual([
    ['complained', 'consumer', ''],
    ['replied', 'merchant', '您好'],
    ['closed_before', 'platform', ''],
  ]);
});

test('who closed a complaint before it had a history is said only if its step does', () => {
  expect(story(COMPLAINT, [], closed(2)).at(-1)).toMatchObject({ event: 'closed_before', side: null });
});

test('a reply that the history has is told once', () => {
  const complaint = { ...COMPLAINT, reply_list: [reply('2024-04-14 09:00:00', '您好')] };
  const history = [
    entry(2, 'merchant_replied', '2024-04-14 09:00:00', {
      said: { content: '您好', images: ['https://a/b.png'] },
    }),
  ];
  const told = story(complaint, history, OPEN);
  expect(told.map((each) => each.event)).toEqual(['complained', 'merchant_replied']);
  expect(told[1]).toMatchObject({ text: '您好', images: ['https://a/b.png'], who: '小李', entry: 2 });
});

test('what was erased is told as that', () => {
  expect(story(COMPLAINT, [entry(3, 'noted', '2024-04-14 09:00:00', { said: null })], OPEN)[1]?.erased).toBe(
    true,
  );
});

test('a moved deadline is told', () => {
  const at = Date.UTC(2024, 3, 16, 14, 57, 42) / 1000;
  const moved = entry(4, 'consumer_replied', '2024-04-14 09:00:00', {
    before: { operate_end_time: at },
    after: { operate_end_time: at + 3600 },
  });
  expect(story(COMPLAINT, [moved], OPEN)[1]?.details).toEqual({ deadline: '2024-04-16 23:57:42' });
});

test('what happened since is what came after', () => {
  const history = [entry(2, 'noted', '2024-04-14 09:00:00'), entry(7, 'closed', '2024-04-14 10:00:00')];
  expect(newest(history)).toBe(7);
  expect(since(history, 2).map((each) => each.event)).toEqual(['closed']);
});
