// What a chart shows, as ECharts takes it; pure.

import type { EChartsCoreOption } from 'echarts/core';

/** A bar: of how many complaints, and how many of them are overtime. */
export interface Bar {
  label: string;
  total: number;
  overtime: number;
}

/** Colours of the theme in force. */
export interface Palette {
  text: string;
  soft: string;
  line: string;
  raised: string;
  inTime: string;
  overtime: string;
}

/** What the two parts of a bar are called. */
export interface Names {
  inTime: string;
  overtime: string;
}

/** Bars of two parts: in time, and overtime at the outer end, so that the two are told apart without colours. */
export function bars(rows: readonly Bar[], names: Names, palette: Palette): EChartsCoreOption {
  const labels = {
    type: 'category',
    data: rows.map((row) => row.label),
    axisTick: { show: false },
    axisLine: { lineStyle: { color: palette.line } },
    axisLabel: { color: palette.soft, hideOverlap: true },
  };
  const numbers = {
    type: 'value',
    minInterval: 1,
    splitLine: { lineStyle: { color: palette.line } },
    axisLabel: { color: palette.soft },
  };
  const part = (name: string, color: string, values: number[]) => ({
    name,
    type: 'bar',
    stack: 'all',
    cursor: 'pointer',
    barMaxWidth: 28,
    itemStyle: { color, borderColor: palette.raised, borderWidth: 0.5 },
    data: values,
  });
  return {
    animationDuration: 250,
    textStyle: { fontFamily: 'inherit', color: palette.text },
    // Room for the labels, whatever they are.
    grid: {
      left: 4,
      right: 12,
      top: 36,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    legend: {
      right: 0,
      top: 0,
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 16,
      textStyle: { color: palette.soft },
      // A click on the legend would hide a part of what is counted.
      selectedMode: false,
    },
    tooltip: {
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      confine: true,
      backgroundColor: palette.raised,
      borderColor: palette.line,
      textStyle: { color: palette.text },
      // Drawn as text on the chart, not as markup: labels hold what people wrote.
      renderMode: 'richText',
    },
    xAxis: labels,
    yAxis: numbers,
    series: [
      part(
        names.inTime,
        palette.inTime,
        rows.map((row) => row.total - row.overtime),
      ),
      part(
        names.overtime,
        palette.overtime,
        rows.map((row) => row.overtime),
      ),
    ],
  };
}
