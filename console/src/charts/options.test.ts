import { expect, test } from 'vitest';
import { bars } from './options';

const palette = { text: '#1', soft: '#2', line: '#3', raised: '#4', inTime: '#5', overtime: '#6' };
const names = { inTime: '未超时', overtime: '超时' };

test('a bar is as long as all of its complaints, of which the overtime ones end it', () => {
  const option = bars([{ label: '店铺', total: 10, overtime: 3 }], names, palette) as {
    series: { name: string; stack: string; data: number[] }[];
    xAxis: { data: string[] };
  };
  expect(option.series.map(({ name, stack, data }) => [name, stack, data])).toEqual([
    ['未超时', 'all', [7]],
    ['超时', 'all', [3]],
  ]);
  expect(option.xAxis.data).toEqual(['店铺']);
});

test('what people wrote is drawn, never parsed as markup', () => {
  const option = bars([{ label: '<img src=x>', total: 1, overtime: 0 }], names, palette);
  expect(option).toMatchObject({ tooltip: { renderMode: 'richText' }, xAxis: { data: ['<img src=x>'] } });
});
