import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { call, caller } from './call';
import { CallFailed, CODE } from './failure';

const answer = (code: number, data: unknown = null, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ code, data, msg: `said ${code}` }), {
    headers: { 'content-type': 'application/json', 'x-request-id': 'r1', ...headers },
  });

/** The server, which gives these answers in turn. */
function server(...answers: (Response | Error)[]) {
  const fetch = vi.fn(async (_path: string, _asked: RequestInit) => {
    const next = answers.shift();
    if (!next) throw new Error('nothing more was expected');
    if (next instanceof Error) throw next;
    return next;
  });
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

/** How that ends, without waiting for it. */
async function ended<T>(promise: Promise<T>): Promise<T | CallFailed> {
  const end = promise.catch((error: unknown) => {
    if (error instanceof CallFailed) return error;
    throw error;
  });
  await vi.runAllTimersAsync();
  return end;
}

const STANDING = { complaint_id: 'c_1', content: '您好', idempotency_key: 'k' };

beforeEach(() => {
  vi.useFakeTimers();
  caller.csrf = 'csrf';
  caller.shop = 'appShop';
  caller.signedOut = vi.fn();
  caller.replaced = vi.fn();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a call says for which shop, and that it comes from a page of its own', async () => {
  const fetch = server(answer(0, { version: 3 }));
  expect(await ended(call('tousu.queue.get', {}))).toEqual({ version: 3 });
  const [path, asked] = fetch.mock.calls[0] ?? [];
  expect(path).toBe('/tousu.queue.get/1.0.0');
  expect(asked?.headers).toMatchObject({ 'x-csrf-token': 'csrf', 'x-app-id': 'appShop' });
  expect(asked?.credentials).toBe('same-origin');
});

test('what was over the limit is sent again, as late as the server asks', async () => {
  const fetch = server(answer(CODE.limitReached, null, { 'retry-after': '3' }), answer(0, 'done'));
  const begun = Date.now();
  expect(await ended(call('tousu.complaint.note', STANDING))).toBe('done');
  expect(fetch).toHaveBeenCalledTimes(2);
  expect(Date.now() - begun).toBe(3_000);
});

test('what was busy is sent again only if that does no harm', async () => {
  const again = server(answer(CODE.busy), answer(0, 'done'));
  expect(await ended(call('tousu.complaint.reply', STANDING))).toBe('done');
  expect(again).toHaveBeenCalledTimes(2);

  const once = server(answer(CODE.busy));
  const { idempotency_key: _, ...without } = STANDING;
  expect(await ended(call('tousu.complaint.reply', without))).toMatchObject({ code: CODE.busy });
  expect(once).toHaveBeenCalledTimes(1);
});

test('what is tried again is tried for the shop that it was for', async () => {
  const fetch = server(answer(CODE.busy), answer(0, 'done'));
  const asked = call('tousu.complaint.reply', STANDING);
  caller.shop = 'appOther';
  expect(await ended(asked)).toBe('done');
  const shops = fetch.mock.calls.map(([, { headers }]) => (headers as Record<string, string>)['x-app-id']);
  expect(shops).toEqual(['appShop', 'appShop']);
});

test('patience ends', async () => {
  const fetch = server(...Array.from({ length: 9 }, () => answer(CODE.busy)));
  expect(await ended(call('tousu.queue.get', {}))).toMatchObject({ code: CODE.busy });
  expect(fetch).toHaveBeenCalledTimes(4);
});

test('a wrong password is not tried again, and signs nobody out', async () => {
  const fetch = server(answer(CODE.limitReached));
  await ended(call('tousu.session.open', { login: 'a', password: 'b' }));
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(caller.signedOut).not.toHaveBeenCalled();
});

test('a session that has ended is told', async () => {
  server(answer(CODE.notSignedIn));
  expect(await ended(call('tousu.queue.get', {}))).toMatchObject({ code: CODE.notSignedIn, requestId: 'r1' });
  expect(caller.signedOut).toHaveBeenCalledOnce();
});

test('a session that another window has replaced is told, and is no signing out', async () => {
  server(answer(CODE.csrf));
  expect(await ended(call('tousu.complaint.note', STANDING))).toMatchObject({ code: CODE.csrf });
  expect(caller.replaced).toHaveBeenCalledOnce();
  expect(caller.signedOut).not.toHaveBeenCalled();
});

test('no answer, and one that is none, are told apart', async () => {
  server(new TypeError('Failed to fetch'));
  expect(await ended(call('tousu.queue.get', {}))).toMatchObject({ code: CODE.offline });
  server(new Response('<html>', { status: 502, headers: { 'content-type': 'text/html' } }));
  expect(await ended(call('tousu.queue.get', {}))).toMatchObject({ code: CODE.garbled });
  server(new Response('{', { headers: { 'content-type': 'application/json' } }));
  expect(await ended(call('tousu.queue.get', {}))).toMatchObject({ code: CODE.garbled });
});
