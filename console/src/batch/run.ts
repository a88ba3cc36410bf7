// Acting on many complaints, some at a time, so that one sees how it goes and can stop.

import {
  type BatchOutcome,
  CallFailed,
  CODE,
  call,
  caller,
  failureText,
  idempotencyKey,
  isCode,
} from '~/api';
import { conditions, type Filter } from '~/queue/filter';
import { now } from '~/time';

/** Complaints of one call. The interface takes more, but then one would see nothing for long. */
const CHUNK = 50;
/** Complaints that may be acted on at once by "all that match". */
export const MOST = 10_000;

export type Action = 'assign' | 'tag' | 'note' | 'reply' | 'close' | 'reopen' | 'check_failed';

export interface ActionParams {
  content?: string;
  finish?: 0 | 1;
  by?: string;
  assignee?: string;
  add?: string[];
  remove?: string[];
}

/** The numbers of all complaints that the filter finds, as far as that many. */
export async function allMatching(
  filter: Filter,
  dueSoonHours: number,
  progress: (found: number) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const { shop } = caller;
  const asked = conditions(filter, now(), dueSoonHours);
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await call(
      'tousu.complaint.search',
      { ...asked, sort: 'complaint_time', page_size: 100, ...(cursor ? { cursor } : {}) },
      { signal, shop },
    );
    ids.push(...page.list.map((row) => row.complaint_id));
    progress(ids.length);
    cursor = page.next_cursor || undefined;
  } while (cursor && ids.length < MOST);
  // What came while we walked may have been met twice.
  return [...new Set(ids)].slice(0, MOST);
}

/** Does it to each, and tells of each what became of it. A part that fails as a whole fails for each of its complaints. */
export async function actOnMany(
  action: Action,
  ids: readonly string[],
  params: ActionParams,
  progress: (outcomes: readonly BatchOutcome[]) => void,
  signal: AbortSignal,
): Promise<void> {
  // The one in which they were selected, whichever is chosen meanwhile.
  const { shop } = caller;
  const outcomes: BatchOutcome[] = [];
  for (let from = 0; from < ids.length && !signal.aborted; from += CHUNK) {
    const complaint_ids = ids.slice(from, from + CHUNK);
    try {
      // Not given up in its midst: what is sent is done, and its outcome is to be told.
      const { list } = await call(
        'tousu.complaint.batch',
        { ...params, action, complaint_ids, idempotency_key: idempotencyKey() },
        { shop },
      );
      outcomes.push(...list);
    } catch (error) {
      const code = error instanceof CallFailed ? error.code : CODE.garbled;
      outcomes.push(
        ...complaint_ids.map((complaint_id) => ({
          complaint_id,
          code,
          msg: failureText(error),
          standing: null,
        })),
      );
      // The rest would fail for the same reason.
      if (isCode(error, CODE.notPermitted, CODE.notSignedIn, CODE.invalid)) {
        progress([...outcomes]);
        return;
      }
    }
    progress([...outcomes]);
  }
}
