// A range of days. Loaded when it is first shown: calendars are large.

import { DatePicker } from 'antd';
import { texts, useTexts } from '~/i18n';
import { type Dayjs, dayjs } from '~/parts/calendar';
import { DAY, date, now } from '~/time';

const words = texts({
  from: ['开始日期', 'From'],
  to: ['结束日期', 'To'],
  today: ['今天', 'Today'],
  yesterday: ['昨天', 'Yesterday'],
  tomorrow: ['明天', 'Tomorrow'],
  last7: ['近 7 天', 'Last 7 days'],
  last30: ['近 30 天', 'Last 30 days'],
  next3: ['未来 3 天', 'Next 3 days'],
});

export interface RangeProps {
  id: string;
  /** What both of its fields are called. */
  label: string;
  from: string;
  to: string;
  /** Which ranges are offered. */
  looking: 'back' | 'ahead';
  onChange: (from: string, to: string) => void;
}

export default function Range({ id, label, from, to, looking, onChange }: RangeProps) {
  const t = useTexts(words);
  // Days as Beijing counts them, and calendars as they are drawn: without a zone.
  const day = (days: number) => dayjs(date(now() + days * DAY));
  const shown = (written: string) => (written ? dayjs(written.slice(0, 10)) : null);
  const presets =
    looking === 'back'
      ? [
          { label: t.today, value: [day(0), day(0)] },
          { label: t.yesterday, value: [day(-1), day(-1)] },
          { label: t.last7, value: [day(-6), day(0)] },
          { label: t.last30, value: [day(-29), day(0)] },
        ]
      : [
          { label: t.today, value: [day(0), day(0)] },
          { label: t.tomorrow, value: [day(1), day(1)] },
          { label: t.next3, value: [day(0), day(3)] },
        ];
  return (
    <DatePicker.RangePicker
      id={{ start: id }}
      aria-label={label}
      style={{ width: '100%' }}
      value={[shown(from), shown(to)]}
      placeholder={[t.from, t.to]}
      allowEmpty={[true, true]}
      presets={presets.map(({ label, value }) => ({ label, value: value as [Dayjs, Dayjs] }))}
      onChange={(days) =>
        onChange(days?.[0]?.format('YYYY-MM-DD') ?? '', days?.[1]?.format('YYYY-MM-DD') ?? '')
      }
    />
  );
}
