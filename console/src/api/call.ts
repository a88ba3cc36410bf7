// The one way to the server: its own interfaces, with the session's cookie.

import type { Data, Interface, Params } from './endpoints';
import { CallFailed, CODE, isCode } from './failure';

const VERSION = '1.0.0';
/** Pauses before what was busy is tried again, in milliseconds. */
const PATIENCE = [400, 1000, 2500];

/** Who calls, for which shop. The session's provider keeps it. */
export const caller = {
  csrf: '',
  shop: '',
  /** Called when an answer says that nobody is signed in. */
  signedOut: () => {},
  /** Called when an answer says that the session is another one: somebody signed in anew in another window. */
  replaced: () => {},
};

export interface Options {
  signal?: AbortSignal | undefined;
  /** Another shop than the chosen one. */
  shop?: string;
}

/** Calls an interface and gives its data; fails with `CallFailed` otherwise. */
export async function call<N extends Interface>(
  name: N,
  params: Params<N>,
  options: Options = {},
): Promise<Data<N>> {
  const { data } = await answered(name, params, options);
  return data as Data<N>;
}

/** Calls an interface that answers with a file. */
export async function download<N extends Interface>(
  name: N,
  params: Params<N>,
  progress: (bytes: number) => void,
  options: Options = {},
): Promise<{ fileName: string; file: Blob }> {
  const { response } = await answered(name, params, options);
  const chunks: BlobPart[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read().catch((error: unknown) => {
      throw unreachable(error);
    });
    if (!part || part.done) break;
    chunks.push(part.value);
    bytes += part.value.byteLength;
    progress(bytes);
  }
  const given = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  const type = response.headers.get('content-type') ?? '';
  return { fileName: given ?? name, file: new Blob(chunks, { type }) };
}

interface Answer {
  response: Response;
  /** What was in the envelope; nothing if the answer is a file, which is still to be read. */
  data: unknown;
}

/** The shop is that of the first try: another one may be chosen while one waits for the next. */
async function answered(
  name: string,
  params: object,
  { signal, shop = caller.shop }: Options,
): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(name, params, shop, signal);
    } catch (error) {
      const ended = isCode(error, CODE.notSignedIn, CODE.tokenExpired, CODE.noToken);
      if (ended && !name.startsWith('tousu.session.')) caller.signedOut();
      if (isCode(error, CODE.csrf)) caller.replaced();
      const pause = PATIENCE[attempt];
      if (pause === undefined || !mayRepeat(error, name, params)) throw error;
      await sleep(Math.min(Math.max(pause, (error.retryAfter ?? 0) * 1000), 10_000), signal);
    }
  }
}

/** What was over the limit was not served; what was busy may have been, and is repeated if that does no harm. */
function mayRepeat(error: unknown, name: string, params: object): error is CallFailed {
  if (name.startsWith('tousu.session.')) return false;
  if (isCode(error, CODE.limitReached)) return true;
  const harmless = /\.(get|list|names|search|history|explain|similar|usage|deliveries|preview)$/.test(name);
  return isCode(error, CODE.busy) && (harmless || 'idempotency_key' in params);
}

async function once(name: string, params: object, shop: string, signal?: AbortSignal): Promise<Answer> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (caller.csrf) headers['x-csrf-token'] = caller.csrf;
  if (shop) headers['x-app-id'] = shop;
  const response = await fetch(`/${name}/${VERSION}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(params),
    credentials: 'same-origin',
    cache: 'no-store',
    signal: signal ?? null,
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  if (response.headers.get('content-type')?.startsWith('application/json')) {
    return { response, data: await opened(response) };
  }
  if (!response.ok) throw failure(response, CODE.garbled, `HTTP ${response.status}`);
  return { response, data: null };
}

/** What is in the envelope. */
async function opened(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch((error: unknown) => {
    throw error instanceof SyntaxError
      ? failure(response, CODE.garbled, `HTTP ${response.status}`)
      : unreachable(error);
  });
  const { code, data, msg } = (body ?? {}) as { code?: unknown; data?: unknown; msg?: unknown };
  if (code === 0) return data;
  throw failure(response, typeof code === 'number' ? code : CODE.garbled, typeof msg === 'string' ? msg : '');
}

function failure(response: Response, code: number, said: string): CallFailed {
  const after = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  return new CallFailed(code, said, response.headers.get('x-request-id'), Number.isNaN(after) ? null : after);
}

function unreachable(error: unknown): unknown {
  // Whoever gave up the call is told so, as it is.
  if (error instanceof DOMException && error.name === 'AbortError') return error;
  return new CallFailed(CODE.offline, '');
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/** A key under which a call has one effect, however often it is sent. */
export const idempotencyKey = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
};
