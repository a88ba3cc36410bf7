import { expect, test } from 'vitest';
import { type Column, type Field, matched, missing, sent, told } from './mapping';

const column = (index: number, field: string | null): Column => ({
  index,
  heading: `列${index}`,
  field,
  samples: [],
});
const fields: Field[] = [
  { name: 'complaint_id', title: '投诉单号', required: 1 },
  { name: 'complaint_time', title: '投诉时间', required: 1 },
  { name: 'state', title: '处理状态', required: 0 },
];

test('headings tell the fields, the first of two alike', () => {
  const mapping = told([column(0, null), column(1, 'state'), column(2, 'complaint_id'), column(3, 'state')]);
  expect(sent(mapping)).toEqual([
    { column: 1, field: 'state' },
    { column: 2, field: 'complaint_id' },
  ]);
  expect(missing(mapping, fields).map((field) => field.name)).toEqual(['complaint_time']);
});

test('a field has one column, and a column one field', () => {
  const mapping = told([column(0, 'complaint_id'), column(1, 'state')]);
  expect(sent(matched(mapping, 1, 'complaint_id'))).toEqual([{ column: 1, field: 'complaint_id' }]);
  expect(sent(matched(mapping, 1, undefined))).toEqual([{ column: 0, field: 'complaint_id' }]);
  expect(sent(mapping)).toHaveLength(2);
});
