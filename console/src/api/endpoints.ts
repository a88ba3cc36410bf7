// What each interface takes and gives, from the OpenAPI document.

import type { components, operations } from './schema';

type Documented = {
  [N in keyof operations as N extends `tousu.${string}` | `xe.${string}` ? N : never]: {
    params: Sent<operations[N]>;
    data: Answered<operations[N]>;
  };
};

/** The body without the token: who calls from a page is known by the session. */
type Sent<O> = O extends { requestBody: { content: { 'application/json': infer B } } }
  ? Omit<B, 'access_token'>
  : Record<never, never>;

type Answered<O> = O extends { responses: { 200: { content: { 'application/json': infer E } } } }
  ? E extends { code: 0; data: infer D }
    ? D
    : never
  : never;

export type Interface = keyof Documented & string;
export type Params<N extends Interface> = Documented[N]['params'];
export type Data<N extends Interface> = Documented[N]['data'];

type Schemas = components['schemas'];
export type SearchRow = Schemas['SearchRow'];
export type Standing = Schemas['Standing'];
export type Complaint = Schemas['Complaint'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type Reply = Schemas['Reply'];
export type ExplainedWindow = Schemas['ExplainedWindow'];
export type BatchOutcome = Schemas['BatchOutcome'];
