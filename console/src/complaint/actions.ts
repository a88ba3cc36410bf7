// What may be done to a complaint: what its state and one's role allow.

import type { Data, Standing } from '~/api';
import type { PermissionSet } from '~/session';
import { HOUR, parse } from '~/time';

const IN_PROGRESS = 1;
const DONE = 2;

export interface Allowed {
  reply: boolean;
  note: boolean;
  assign: boolean;
  tag: boolean;
  /** In whose name it may be closed; `null` if not at all. */
  close: 'platform' | 'merchant' | null;
  /** It could be closed, but not by whoever this is. */
  closeElsewhere: boolean;
  /** In whose name it may be taken up again. */
  reopen: ('platform' | 'consumer')[];
  consumerReply: boolean;
  checkFailed: boolean;
}

type Settings = Pick<Data<'tousu.settings.get'>, 'merchant_closes' | 'consumer_reopens_hours'>;

/**
 * In whose name somebody closes complaints: the shop's own wherever it lets its people, the platform's for whoever acts
 * for it; `null`: not at all.
 */
export function closesAs(
  can: (set: PermissionSet) => boolean,
  settings: Pick<Settings, 'merchant_closes'> | undefined,
): 'merchant' | 'platform' | null {
  if (settings?.merchant_closes === 1) return can('投诉管理-处理') ? 'merchant' : null;
  return can('投诉管理-平台') ? 'platform' : null;
}

/** The server decides; this is what is offered. */
export function allowed(
  standing: Pick<Standing, 'state' | 'closed_at'>,
  can: (set: PermissionSet) => boolean,
  settings: Settings | undefined,
  now: number,
): Allowed {
  const handle = can('投诉管理-处理');
  const platform = can('投诉管理-平台');
  const done = standing.state === DONE;
  const closedAt = parse(standing.closed_at);
  const consumerMay = closedAt === null || now <= closedAt + (settings?.consumer_reopens_hours ?? 0) * HOUR;
  const open = handle && !done;
  const close = open ? closesAs(can, settings) : null;
  return {
    reply: open,
    note: handle,
    assign: handle,
    tag: handle,
    close,
    closeElsewhere: open && settings !== undefined && close === null,
    reopen:
      !handle || !done
        ? []
        : [...(consumerMay ? (['consumer'] as const) : []), ...(platform ? (['platform'] as const) : [])],
    consumerReply: open,
    checkFailed: platform && standing.state === IN_PROGRESS,
  };
}
