import type { EChartsType } from 'echarts/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { colour, useScheme } from '~/theme';
import { type Bar, bars, type Names } from './options';

interface Props {
  /** What a screen reader says of it; the figures stand in a table beside it. */
  label: string;
  rows: readonly Bar[];
  names: Names;
  height?: number;
  /** Called with the place of the row whose bar was clicked. */
  onPick?: (at: number) => void;
}

/** A chart of bars, drawn as soon as ECharts has come. */
export function Chart({ label, rows, names, height = 260, onPick }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const scheme = useScheme();
  const option = useMemo(() => {
    const palette = {
      text: colour('text', scheme),
      soft: colour('soft', scheme),
      line: colour('line', scheme),
      raised: colour('raised', scheme),
      inTime: colour('accent', scheme),
      overtime: colour('bad', scheme),
    };
    return bars(rows, names, palette);
  }, [rows, names, scheme]);

  useEffect(() => {
    const element = holder.current;
    let made: EChartsType | null = null;
    let gone = false;
    const observer = new ResizeObserver(() => made?.resize());
    import('./engine').then(({ init }) => {
      if (gone || !element) return;
      made = init(element, null, { renderer: 'svg' });
      observer.observe(element);
      setChart(made);
    }, setFailed);
    return () => {
      gone = true;
      observer.disconnect();
      made?.dispose();
      setChart(null);
    };
  }, []);

  useEffect(() => {
    chart?.setOption(option, { notMerge: true });
  }, [chart, option]);

  useEffect(() => {
    if (!chart || !onPick) return;
    const pick = (event: { dataIndex: number }) => onPick(event.dataIndex);
    chart.on('click', pick);
    return () => {
      if (!chart.isDisposed()) chart.off('click', pick);
    };
  }, [chart, onPick]);

  // The boundary around the page tells what to do: the files of an older build are gone.
  if (failed !== null) throw failed;
  return <div ref={holder} role="img" aria-label={label} style={{ height, width: '100%' }} />;
}
