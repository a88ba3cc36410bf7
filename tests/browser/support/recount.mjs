// Every complaint of the demo shop, counted one by one: what the pages' figures must come to.

import { call } from './server.mjs';

const LIST = 'xe.pay_through.complaint_record.xe.b_complaints.list';

/** All rows, from the list as the published page has it, with whose work they are. */
export async function everyComplaint(demo) {
  const assignees = new Map();
  for (let cursor = ''; ;) {
    const found = await call(demo, 'tousu.complaint.search', { page_size: 100, ...(cursor && { cursor }) });
    for (const row of found.list) assignees.set(row.complaint_id, row.assignee);
    cursor = found.next_cursor;
    if (!cursor) break;
  }
  const rows = [];
  for (let page = 1; ; page += 1) {
    const { list, total } = await call(demo, LIST, { page, page_size: 50 });
    rows.push(...list.map((row) => ({ ...row, assignee: assignees.get(row.complaint_id) })));
    if (rows.length >= total) return rows;
  }
}

const STATES = { pending: [0], processing: [1], overdue: [0, 1], done: [2] };

/** Whether a queue's address means that row. */
export function means(address, row) {
  const asked = new URL(address, 'http://console').searchParams;
  const among = (name, value) => !asked.has(name) || asked.getAll(name).includes(String(value));
  const start = (text) => (text.length === 10 ? `${text} 00:00:00` : text);
  const end = (text) => (text.length === 10 ? `${text} 23:59:59` : text);
  const tab = asked.get('tab') ?? 'pending';
  const open = row.state !== 2;
  const late = tab === 'overdue' ? '2' : asked.get('overtime');
  return (tab === 'all' || STATES[tab].includes(row.state))
    && among('channel', row.channel_type)
    && among('source', row.complaint_from)
    && among('state', row.state)
    && among('assignee', row.assignee)
    && (!asked.has('unassigned') || row.assignee === '')
    && among('order', row.complaint_resource_id)
    && among('hour', Number(row.complaint_time.slice(11, 13)))
    && (late === null || late === String(row.is_overtime))
    && (!asked.has('from') || row.complaint_time >= start(asked.get('from')))
    && (!asked.has('to') || row.complaint_time <= end(asked.get('to')))
    && (!asked.has('due_to') || (open && row.operate_end_time <= end(asked.get('due_to'))));
}
