// What one has begun to write, kept while one looks at other complaints. Gone when the page is left, since it may hold
// what belongs into no browser's store.

const drafts = new Map<string, string>();
const MOST = 100;

/** Of what a draft is: nobody else's, of no other shop's complaint of that number. */
export const draftKey = (userId: string, shop: string, complaintId: string, writing: string): string =>
  JSON.stringify([userId, shop, complaintId, writing]);

export const draftOf = (key: string): string => drafts.get(key) ?? '';

export function keepDraft(key: string, text: string) {
  drafts.delete(key);
  if (text === '') return;
  drafts.set(key, text);
  const oldest = drafts.keys().next().value;
  if (drafts.size > MOST && oldest !== undefined) drafts.delete(oldest);
}
