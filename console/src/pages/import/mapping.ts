// Which column of a table holds which field; pure.

import { type Language, type Pair, pick } from '~/i18n';

/** A column, as `tousu.import.preview` gives it. */
export interface Column {
  index: number;
  heading: string;
  /** The field that its heading tells; nothing if none is known. */
  field?: string | null;
  samples: string[];
}

/** A field that a column can hold. */
export interface Field {
  name: string;
  /** What people call it, in the server's language. */
  title: string;
  /** 1: an import cannot do without. */
  required: number;
}

/** By the column's index; a column that is not there is left out. */
export type Mapping = ReadonlyMap<number, string>;

/** What the headings tell. Of two columns with the same field the first has it. */
export function told(columns: readonly Column[]): Mapping {
  const mapping = new Map<number, string>();
  const taken = new Set<string>();
  for (const { index, field } of columns) {
    if (!field || taken.has(field)) continue;
    taken.add(field);
    mapping.set(index, field);
  }
  return mapping;
}

/** The mapping with `field` in the column; whichever column had it before gives it up. `undefined` leaves the column out. */
export function matched(mapping: Mapping, column: number, field: string | undefined): Mapping {
  const changed = new Map([...mapping].filter(([index, name]) => index !== column && name !== field));
  if (field !== undefined) changed.set(column, field);
  return changed;
}

/** The fields that an import cannot do without and that no column has. */
export function missing(mapping: Mapping, fields: readonly Field[]): Field[] {
  const had = new Set(mapping.values());
  return fields.filter((field) => field.required === 1 && !had.has(field.name));
}

/** As `tousu.import.run` takes it. */
export const sent = (mapping: Mapping) =>
  [...mapping].sort(([a], [b]) => a - b).map(([column, field]) => ({ column, field }));

const NAMES: ReadonlyMap<string, Pair> = new Map<string, Pair>([
  ['complaint_id', ['投诉单号', 'Complaint ID']],
  ['channel_type', ['渠道', 'Channel']],
  ['complaint_from', ['来源', 'Source']],
  ['complainant_phone', ['投诉人手机号', 'Phone']],
  ['complaint_reason', ['问题描述', 'Reason']],
  ['complaint_resource_id', ['资源或订单', 'Order or resource']],
  ['complaint_resource_type', ['资源类型', 'Resource type']],
  ['complaint_type', ['投诉类型', 'Type']],
  ['state', ['处理状态', 'State']],
  ['current_step', ['当前步骤', 'Current step']],
  ['is_overtime', ['是否超时', 'Overtime']],
  ['complaint_time', ['投诉时间', 'Complained at']],
  ['operate_time', ['操作时间', 'Handling since']],
  ['time_limit', ['处理时限（小时）', 'Time limit (hours)']],
  ['operate_end_time', ['处理最后时限', 'Deadline']],
  ['closed_at', ['结单时间', 'Closed at']],
]);

/** What people call a field. */
export function fieldName(field: Field, language?: Language): string {
  const pair = NAMES.get(field.name);
  return pair ? pick(pair, language) : field.title;
}
