import { expect, test } from 'vitest';
import { filled, unknownVariables } from './templates';

const VALUES = {
  complaint_id: 'c_1',
  shop: '小店',
  reason: '要退款 {{shop}}',
  order: 'o_1',
  deadline: '2024-04-19 11:25:19',
  assignee: '小李',
};

test('every place is filled in, however often it is there', () => {
  expect(filled('您好，{{shop}}收到 {{ complaint_id }}（{{shop}}），{{assignee}}', VALUES)).toBe(
    '您好，小店收到 c_1（小店），小李',
  );
});

test('what is filled in is text: no place in it is filled in, and no replacement pattern is obeyed', () => {
  expect(filled('{{reason}}', VALUES)).toBe('要退款 {{shop}}');
  expect(filled('{{order}}', { ...VALUES, order: '$& $1' })).toBe('$& $1');
});

test('what is not known stays, and is named', () => {
  expect(filled('{{price}} {shop} {{}}', VALUES)).toBe('{{price}} {shop} {{}}');
  expect(unknownVariables('{{price}} {{shop}} {{price}} {{toString}}')).toEqual(['price', 'toString']);
});
