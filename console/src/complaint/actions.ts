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
  /** In whose name it may be taken up again. */
  reopen: ('platform' | 'consumer')[];
  consumerReply: boolean;
  checkFailed: boolean;
}

type Settings = Pick<Data<'tousu.settings.get'>, 'merchant_closes' | 'consumer_reopens_hours'>;

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
  return {
    reply: open,
    note: handle,
    assign: handle,
    tag: handle,
    close: !open ? null : platform ? 'platform' : settings?.merchant_closes === 1 ? 'merchant' : null,
    reopen:
      !handle || !done
        ? []
        : [...(consumerMay ? (['consumer'] as const) : []), ...(platform ? (['platform'] as const) : [])],
    consumerReply: open,
    checkFailed: platform && standing.state === IN_PROGRESS,
  };
}
