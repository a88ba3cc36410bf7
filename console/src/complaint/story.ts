// What happened to a complaint, in order: its history, and what was said before it had one.

import type { Complaint, HistoryEntry, Standing } from '~/api';
import { dateTime, NEVER, parse } from '~/time';

export type Side = 'consumer' | 'merchant' | 'platform' | 'third_party';

export interface Happening {
  key: string;
  /** As on the wire, Beijing time. */
  at: string;
  event: string;
  /** What the server calls it, for events that are newer than this page. */
  title: string;
  /** `null` where nothing tells. */
  side: Side | null;
  /** Who it was, if that is known. */
  who: string;
  text: string;
  images: readonly string[];
  /** What was said is taken away. */
  erased: boolean;
  /** What the event itself says: who it was assigned to, which tags. */
  details: Readonly<Record<string, unknown>>;
  /** Its number in the shop's history; `null` where the history does not have it. */
  entry: number | null;
}

/** The step of that name, which says who closed it where no history does. */
const CLOSED_BY_PLATFORM = 5;
const BEGINNINGS = new Set(['submitted', 'entered', 'imported']);
const SIDES: readonly string[] = ['consumer', 'merchant', 'platform', 'third_party'];

const side = (named: string): Side => (SIDES.includes(named) ? (named as Side) : 'third_party');
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

/** All of it, oldest first. */
export function story(
  complaint: Complaint,
  history: readonly HistoryEntry[],
  { closed_at: closedAt, current_step: step }: Pick<Standing, 'closed_at' | 'current_step'>,
): Happening[] {
  const told = history.map(fromEntry);
  const replies = complaint.reply_list
    .map(
      (reply, at): Happening => ({
        key: `reply-${at}`,
        at: reply.time,
        event: 'replied',
        title: '',
        side: side(reply.reply_from),
        who: '',
        text: reply.content,
        images: reply.images,
        erased: false,
        details: {},
        entry: null,
      }),
    )
    .filter(
      (reply) =>
        !told.some(
          (other) => other.at === reply.at && other.side === reply.side && other.text === reply.text,
        ),
    );
  const before: Happening[] = [];
  if (!told.some((each) => BEGINNINGS.has(each.event))) {
    before.push(bare('complained', complaint.complaint_time, beganBy(complaint)));
  }
  if (
    closedAt !== NEVER &&
    !told.some((each) => each.event === 'closed' || each.event === 'merchant_finished')
  ) {
    before.push(bare('closed_before', closedAt, step === CLOSED_BY_PLATFORM ? 'platform' : null));
  }
  // Stable: what happened in one second stays in the order in which it was told.
  return [...before, ...replies, ...told].sort((one, other) => (parse(one.at) ?? 0) - (parse(other.at) ?? 0));
}

/** Sources from 200 on, and complaint mail, are others' than the shop's own. */
const beganBy = (complaint: Complaint): Side => {
  const source = Number(complaint.complaint_from);
  return source >= 100 && source < 200 ? 'consumer' : 'third_party';
};

const bare = (event: string, at: string, by: Side | null): Happening => ({
  key: event,
  at,
  event,
  title: '',
  side: by,
  who: '',
  text: '',
  images: [],
  erased: false,
  details: {},
  entry: null,
});

function fromEntry(entry: HistoryEntry): Happening {
  const said = (entry.said ?? null) as Record<string, unknown> | null;
  const { content, images, reason, ...details } = said ?? {};
  return {
    key: `entry-${entry.entry}`,
    at: entry.happened_at,
    event: entry.event,
    title: entry.title,
    side: side(entry.actor),
    who: entry.operator,
    text: text(content) || text(reason),
    images: list(images),
    erased: said === null,
    details: { ...details, ...movedDeadline(entry) },
    entry: entry.entry,
  };
}

/** Where the deadline went, if the event moved it. */
function movedDeadline(entry: HistoryEntry): Record<string, string> {
  const of = (standing: unknown) => {
    const end = (standing as { operate_end_time?: unknown } | null)?.operate_end_time;
    return typeof end === 'number' ? dateTime(end) : null;
  };
  const [before, after] = [of(entry.before), of(entry.after)];
  return after !== null && before !== null && after !== before ? { deadline: after } : {};
}

/** What others did after that entry of the history. */
export function since(history: readonly HistoryEntry[], entry: number): HistoryEntry[] {
  return history.filter((each) => each.entry > entry);
}

/** The number of the newest entry. */
export const newest = (history: readonly HistoryEntry[]): number =>
  history.reduce((most, { entry }) => Math.max(most, entry), 0);
