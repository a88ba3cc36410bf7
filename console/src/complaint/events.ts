// What people call what happens to a complaint.

import { type Language, type Pair, pick } from '~/i18n';

const EVENTS: Readonly<Record<string, Pair>> = {
  complained: ['提交投诉', 'Complained'],
  replied: ['回复', 'Replied'],
  closed_before: ['结单', 'Closed'],
  submitted: ['提交投诉', 'Complained'],
  entered: ['平台录入', 'Entered by the platform'],
  imported: ['第三方导入', 'Imported'],
  imported_in_bulk: ['批量导入', 'Imported in bulk'],
  merchant_replied: ['商家回复', 'Merchant replied'],
  merchant_finished: ['商家回复并完成', 'Merchant replied and finished'],
  consumer_replied: ['消费者回复', 'Consumer replied'],
  check_failed: ['核验不通过', 'Check failed'],
  closed: ['结单', 'Closed'],
  reopened: ['重新打开', 'Reopened'],
  noted: ['备注', 'Noted'],
  assigned: ['分派', 'Assigned'],
  tagged: ['标签', 'Tagged'],
  bundled: ['制作存证', 'Evidence taken'],
  removed: ['移除', 'Removed'],
  changed_upstream: ['上游变更', 'Changed upstream'],
  revealed: ['查看完整号码', 'Number revealed'],
  erased: ['清除个人信息', 'Personal data erased'],
  deadline_moved: ['时限调整', 'Deadline moved'],
  due_soon: ['即将到期', 'Due soon'],
  overdue: ['已超时', 'Overdue'],
};

const SIDES: Readonly<Record<string, Pair>> = {
  consumer: ['消费者', 'Consumer'],
  merchant: ['商家', 'Merchant'],
  platform: ['平台', 'Platform'],
  third_party: ['第三方', 'Third party'],
};

/** The event's name; that of the server for an event that is newer than this page. */
export const eventName = (event: string, title: string, language?: Language): string => {
  const pair = EVENTS[event];
  return pair ? pick(pair, language) : title || event;
};

export const sideName = (side: string, language?: Language): string => {
  const pair = SIDES[side];
  return pair ? pick(pair, language) : side;
};
