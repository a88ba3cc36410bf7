export { call, caller, download, idempotencyKey } from './call';
export type {
  BatchOutcome,
  Complaint,
  Data,
  ExplainedWindow,
  HistoryEntry,
  Interface,
  Params,
  Reply,
  SearchRow,
  Standing,
} from './endpoints';
export { CallFailed, CODE, failureText, isCode } from './failure';
export { asQuery, callKey, queryClient, useAct, useAhead, useCall } from './query';
