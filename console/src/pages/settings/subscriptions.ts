// Who is told of what, as the interfaces have it.

import type { Data } from '~/api';

export const SUBSCRIPTIONS = 'tousu.subscription.list';
export type Subscription = Data<typeof SUBSCRIPTIONS>['list'][number];

/** What people call it. */
export const nameOf = (subscription: Subscription) => subscription.name || subscription.target;
