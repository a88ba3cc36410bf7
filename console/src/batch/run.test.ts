import { beforeEach, expect, test, vi } from 'vitest';
import type { BatchOutcome } from '~/api';
import { DEFAULT } from '~/queue/filter';

const { call } = vi.hoisted(() => ({ call: vi.fn() }));
vi.mock('~/api', async (original) => ({ ...(await original<typeof import('~/api')>()), call }));

const { CallFailed, CODE, caller } = await import('~/api');
const { actOnMany, allMatching } = await import('./run');

const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `c_${from + at}`);
const never = new AbortController().signal;

beforeEach(() => {
  call.mockReset();
});

test('all that match are found page by page, each once', async () => {
  call
    .mockResolvedValueOnce({ list: ids(0, 100).map((complaint_id) => ({ complaint_id })), next_cursor: 'a' })
    .mockResolvedValueOnce({ list: ids(99, 120).map((complaint_id) => ({ complaint_id })), next_cursor: '' });
  const found = vi.fn();
  expect(await allMatching(DEFAULT, 4, found, never)).toEqual(ids(0, 120));
  expect(call.mock.calls.map(([, asked]) => asked.cursor)).toEqual([undefined, 'a']);
  expect(found).toHaveBeenLastCalledWith(121);
});

const done = (complaint_ids: string[]): BatchOutcome[] =>
  complaint_ids.map((complaint_id) => ({ complaint_id, code: 0, msg: '', standing: null }));

test('it goes part by part, each under its own key, and one can stop', async () => {
  const abort = new AbortController();
  call.mockImplementation(async (_, { complaint_ids }) => ({ done: 0, list: done(complaint_ids) }));
  const told: number[] = [];
  await actOnMany(
    'note',
    ids(0, 130),
    { content: 'x' },
    (outcomes) => {
      told.push(outcomes.length);
      if (outcomes.length === 100) abort.abort();
    },
    abort.signal,
  );
  expect(told).toEqual([50, 100]);
  const keys = call.mock.calls.map(([, asked]) => asked.idempotency_key);
  expect(new Set(keys).size).toBe(2);
});

test('what was begun in one shop is done there, whichever is chosen meanwhile', async () => {
  caller.shop = 'appA';
  call.mockImplementation(async (name, { complaint_ids }) => {
    caller.shop = 'appB';
    return name === 'tousu.complaint.batch'
      ? { done: 0, list: done(complaint_ids) }
      : { list: [{ complaint_id: 'c_1' }], next_cursor: call.mock.calls.length < 2 ? 'a' : '' };
  });
  await allMatching(DEFAULT, 4, () => {}, never);
  expect(call.mock.calls.map(([, , options]) => options.shop)).toEqual(['appA', 'appA']);
  call.mockClear();
  caller.shop = 'appA';
  await actOnMany('note', ids(0, 60), { content: 'x' }, () => {}, never);
  expect(call.mock.calls.map(([, , options]) => options.shop)).toEqual(['appA', 'appA']);
});

test('a part that fails is told of each of its complaints, and the next is tried', async () => {
  call
    .mockRejectedValueOnce(new CallFailed(CODE.offline, ''))
    .mockImplementationOnce(async (_, { complaint_ids }) => ({ done: 0, list: done(complaint_ids) }));
  let last: readonly BatchOutcome[] = [];
  await actOnMany(
    'note',
    ids(0, 60),
    { content: 'x' },
    (outcomes) => {
      last = outcomes;
    },
    never,
  );
  expect(last.filter((outcome) => outcome.code === CODE.offline)).toHaveLength(50);
  expect(last.filter((outcome) => outcome.code === 0)).toHaveLength(10);
});

test('what is not permitted is not tried on and on', async () => {
  call.mockRejectedValue(new CallFailed(CODE.notPermitted, ''));
  await actOnMany('close', ids(0, 500), {}, () => {}, never);
  expect(call).toHaveBeenCalledTimes(1);
});
