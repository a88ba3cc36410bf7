// What can be told, through what, and what became of it, by the names of the wire.

import { type Language, type Pair, pick } from '~/i18n';

type Table = ReadonlyMap<string, Pair>;

export const KINDS: Table = new Map<string, Pair>([
  ['webhook', ['签名的 HTTP 回调', 'Signed webhook']],
  ['wecom', ['企业微信群机器人', 'WeCom group bot']],
  ['dingtalk', ['钉钉群机器人', 'DingTalk group bot']],
  ['feishu', ['飞书群机器人', 'Feishu group bot']],
  ['email', ['邮件', 'Mail']],
]);

export const EVENTS: Table = new Map<string, Pair>([
  ['complaint.created', ['新投诉', 'New complaint']],
  ['complaint.replied', ['有新回复', 'Somebody replied']],
  ['complaint.due_soon', ['即将到期', 'Deadline is near']],
  ['complaint.overdue', ['已超时', 'Overdue']],
  ['complaint.closed', ['已结单', 'Closed']],
  ['complaint.reopened', ['重新打开', 'Reopened']],
  ['complaint.imported', ['批量导入', 'Imported from a file']],
]);

export const DELIVERY_STATES: Table = new Map<string, Pair>([
  ['waiting', ['待送达', 'Waiting']],
  ['behind', ['排队中', 'Behind another']],
  ['delivered', ['已送达', 'Delivered']],
  ['given_up', ['已放弃', 'Given up']],
  ['no_news', ['无需再送', 'No news any more']],
]);

/** Of the report of a day, and of a try by hand. */
export const OTHER_EVENTS: Table = new Map<string, Pair>([
  ['report', ['日报', 'Daily report']],
  ['subscription.test', ['测试', 'Test']],
]);

/** What people call it; undefined for what no table has. */
export function labelled(table: Table, name: string, language?: Language): string | undefined {
  const pair = table.get(name);
  return pair && pick(pair, language);
}
