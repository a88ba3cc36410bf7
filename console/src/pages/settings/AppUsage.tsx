import { Drawer, Segmented } from 'antd';
import { useMemo, useState } from 'react';
import { type Data, useCall } from '~/api';
import { Chart } from '~/charts/Chart';
import { texts, useTexts } from '~/i18n';
import { Failed, Loading } from '~/parts';
import { date, now } from '~/time';
import { everyDay, plusDays } from '../dashboard/range';
import css from './settings.module.css';

const words = texts({
  title: (name: string) => [`“${name}”的调用量`, `Usage of “${name}”`],
  span: ['时间', 'Range'],
  days: (days: number) => [`${days} 天`, `${days} days`],
  day: ['日期', 'Day'],
  calls: ['调用', 'Calls'],
  served: ['已应答', 'Served'],
  refused: ['被拒', 'Refused'],
  chart: (calls: number, refused: number) => [
    `每天的调用：共 ${calls} 次，其中被拒 ${refused} 次；数字见下面的表格`,
    `Calls by day: ${calls} in all, ${refused} refused; the figures are in the table below`,
  ],
});

interface Props {
  app: { client_id: string; name: string };
  onClose: () => void;
}

/** How often a program called, and how often in vain. */
export function AppUsage({ app, onClose }: Props) {
  const t = useTexts(words);
  const [span, setSpan] = useState(30);
  const usage = useCall('tousu.app.usage', { client_id: app.client_id, days: span });
  return (
    <Drawer open title={t.title(app.name)} onClose={onClose} size={640}>
      <div className={css.stack}>
        <Segmented
          aria-label={t.span}
          value={span}
          options={[7, 30, 90].map((days) => ({ value: days, label: t.days(days) }))}
          onChange={setSpan}
        />
        {usage.data ? (
          <Days counted={usage.data.by_day} span={span} />
        ) : usage.error ? (
          <Failed error={usage.error} retry={usage.refetch} />
        ) : (
          <Loading />
        )}
      </div>
    </Drawer>
  );
}

function Days({ counted, span }: { counted: Data<'tousu.app.usage'>['by_day']; span: number }) {
  const t = useTexts(words);
  const today = date(now());
  const days = useMemo(
    () =>
      everyDay(counted, { from: plusDays(today, 1 - span), to: today }, (day) => ({
        day,
        calls: 0,
        refused: 0,
      })),
    [counted, span, today],
  );
  const bars = useMemo(
    () => days.map(({ day, calls, refused }) => ({ label: day.slice(5), total: calls, overtime: refused })),
    [days],
  );
  const names = useMemo(() => ({ inTime: t.served, overtime: t.refused }), [t]);
  const sum = (of: 'calls' | 'refused') => days.reduce((all, day) => all + day[of], 0);
  return (
    <>
      <Chart label={t.chart(sum('calls'), sum('refused'))} rows={bars} names={names} height={220} />
      <table className={css.figures}>
        <thead>
          <tr>
            <th scope="col">{t.day}</th>
            <th scope="col">{t.calls}</th>
            <th scope="col">{t.refused}</th>
          </tr>
        </thead>
        <tbody>
          {[...days].reverse().map(({ day, calls, refused }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{calls.toLocaleString('en')}</td>
              <td>{refused.toLocaleString('en')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
