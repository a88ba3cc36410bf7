// Whether things are under control, and where complaints come from.

import { ReloadOutlined } from '@ant-design/icons';
import { Button, DatePicker, Segmented, Select } from 'antd';
import { useCallback, useMemo } from 'react';
import { type Data, useCall } from '~/api';
import { useLanguage, useTexts } from '~/i18n';
import { CHANNELS, choices } from '~/labels';
import { Failed, Loading, PageHeader } from '~/parts';
import { useAddress } from '~/parts/address';
import { dayjs } from '~/parts/calendar';
import { type Filter, queueLink } from '~/queue/filter';
import { Link } from '~/session';
import { date, now, span } from '~/time';
import { Charts } from './Charts';
import css from './dashboard.module.css';
import { daysOf, fromAddress, PRESETS, plusDays, type Range, times, toAddress } from './range';
import { Tile } from './Tile';
import { TEXTS } from './texts';

type Stats = Data<'tousu.stats.get'>;

/** Figures are as old as this at most, in milliseconds, as long as somebody looks at them. */
const FRESH = 30_000;

/** Channels in the address: `channel=1,3`. */
const channelsIn = (address: URLSearchParams) =>
  (address.get('channel') ?? '')
    .split(',')
    .map(Number)
    .filter((code) => CHANNELS.has(code));

export default function Dashboard() {
  const t = useTexts(TEXTS);
  const [address, setAddress] = useAddress();
  const range = fromAddress(address);
  const channelText = channelsIn(address).join(',');
  const channels = useMemo(() => channelText.split(',').filter(Boolean).map(Number), [channelText]);
  const today = date(now());
  const { from, to } = daysOf(range, today) ?? {};
  const days = useMemo(() => (from && to ? { from, to } : undefined), [from, to]);
  const ofChannels = channels.length > 0 ? { channel_type: channels } : {};
  // What is open or late now is so whenever it came in: the range says nothing of it.
  const present = useCall('tousu.stats.get', ofChannels, { refetchInterval: FRESH });
  const ranged = useCall('tousu.stats.get', { ...ofChannels, ...times(days) }, { refetchInterval: FRESH });

  const chooseRange = useCallback(
    (range: Range) =>
      setAddress((now) => {
        for (const name of ['range', 'from', 'to']) now.delete(name);
        for (const [name, value] of Object.entries(toAddress(range))) now.set(name, value);
        return now;
      }),
    [setAddress],
  );
  const chooseChannels = useCallback(
    (channels: readonly number[]) =>
      setAddress((now) => {
        now.delete('channel');
        if (channels.length > 0) now.set('channel', channels.join(','));
        return now;
      }),
    [setAddress],
  );

  const filter = useMemo(
    (): Partial<Filter> => ({ tab: 'all', channel: channels, ...days }),
    [channels, days],
  );
  const failed = present.error ?? ranged.error;
  const refresh = () => {
    present.refetch();
    ranged.refetch();
  };
  return (
    <>
      <PageHeader title={t.title}>
        {present.data && <span className={css.asOf}>{t.asOf(present.data.as_of.slice(11))}</span>}
        <Button icon={<ReloadOutlined />} loading={present.isFetching || ranged.isFetching} onClick={refresh}>
          {t.refresh}
        </Button>
      </PageHeader>
      <div className={css.page}>
        {failed && !(present.data && ranged.data) ? (
          <Failed error={failed} retry={refresh} />
        ) : (
          <>
            <Present stats={present.data} today={today} channels={channels} />
            <div className={css.filters}>
              <RangePicker range={range} onChange={chooseRange} />
              <ChannelPicker channels={channels} onChange={chooseChannels} />
            </div>
            <Ranged stats={ranged.data} filter={filter} />
            {ranged.data ? (
              <Charts stats={ranged.data} days={days} filter={filter} />
            ) : (
              <Loading lines={12} />
            )}
          </>
        )}
      </div>
    </>
  );
}

interface PresentProps {
  stats: Stats | undefined;
  today: string;
  channels: number[];
}

const OPEN = [0, 1];

/** What stands open now: whether anything must be done at once. */
function Present({ stats, today, channels }: PresentProps) {
  const t = useTexts(TEXTS);
  const open = (stats?.by_state ?? []).filter((row) => OPEN.includes(row.state));
  const ofState = (state: number) => open.find((row) => row.state === state)?.total ?? 0;
  const overdueTo = queueLink({ tab: 'overdue', channel: channels });
  // 24:00 of today, at which many windows end, is the first second of tomorrow.
  const midnight = `${plusDays(today, 1)} 00:00:00`;
  const todayTo = queueLink({ tab: 'all', channel: channels, state: OPEN, overtime: 1, dueTo: midnight });
  const { overdue = 0, today: dueToday = 0 } = stats?.due ?? {};
  const nobodys = stats?.by_assignee.find((row) => row.assignee === '')?.overdue ?? 0;
  const figure = (value: number) => (stats ? value : undefined);
  return (
    <section aria-label={t.now} className={css.present} aria-busy={!stats}>
      {stats && (
        <p className={`${css.verdict} ${overdue > 0 ? css.ill : css.well}`} role="status">
          {overdue > 0 ? <Link to={overdueTo}>{t.late(overdue)}</Link> : t.fine}
          <span>{dueToday > 0 ? t.dueToday(dueToday) : t.nothingDue}</span>
        </p>
      )}
      <div className={css.tiles}>
        <Tile
          label={t.newToday}
          value={figure(stats?.new_today ?? 0)}
          to={queueLink({ tab: 'all', channel: channels, from: today, to: today })}
        />
        <Tile
          label={t.open}
          value={figure(ofState(0) + ofState(1))}
          note={stats && t.openParts(ofState(0), ofState(1))}
          to={queueLink({ tab: 'all', channel: channels, state: OPEN })}
        />
        <Tile
          label={t.due}
          value={figure(dueToday)}
          note={stats && t.dueSoon(4, stats.due.within_4_hours)}
          to={todayTo}
          tone={dueToday > 0 ? 'warn' : 'calm'}
        />
        <Tile
          label={t.overdue}
          value={figure(overdue)}
          note={stats && t.unassigned(nobodys)}
          to={overdueTo}
          tone={overdue > 0 ? 'bad' : 'calm'}
        />
      </div>
    </section>
  );
}

/** How it went in the range. */
function Ranged({ stats, filter }: { stats: Stats | undefined; filter: Partial<Filter> }) {
  const t = useTexts(TEXTS);
  const language = useLanguage();
  const took = (seconds: number | null | undefined) => (seconds == null ? '—' : span(seconds, language));
  return (
    <section aria-label={t.range} className={css.tiles} aria-busy={!stats}>
      <Tile label={t.total} value={stats?.total} to={queueLink(filter)} />
      <Tile
        label={t.overtimeRate}
        value={stats && `${(100 * stats.overtime_rate).toFixed(1)}%`}
        note={stats && t.outOf(stats.overtime, stats.total)}
        to={queueLink({ ...filter, overtime: 2 })}
      />
      <Tile
        label={`${t.firstReply} · ${t.median}`}
        value={stats && took(stats.first_reply.median_seconds)}
        note={
          stats && (
            <Notes
              of={[`${t.p90} ${took(stats.first_reply.p90_seconds)}`, t.ofReplied(stats.first_reply.count)]}
            />
          )
        }
      />
      <Tile
        label={`${t.closing} · ${t.median}`}
        value={stats && took(stats.closing.median_seconds)}
        note={
          stats && (
            <Notes of={[`${t.p90} ${took(stats.closing.p90_seconds)}`, t.ofClosed(stats.closing.count)]} />
          )
        }
        to={queueLink({ ...filter, tab: 'done' })}
      />
    </section>
  );
}

/** Each stays in one line. */
function Notes({ of }: { of: readonly string[] }) {
  return of.map((note) => (
    <span key={note} className={css.whole}>
      {note}
    </span>
  ));
}

function RangePicker({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const t = useTexts(TEXTS);
  const named = typeof range === 'string' ? range : undefined;
  const days = daysOf(range, date(now()));
  return (
    <>
      <Segmented<string>
        aria-label={t.range}
        value={named ?? 'custom'}
        options={[
          ...PRESETS.map((preset) => ({ value: preset, label: t[preset] })),
          ...(named ? [] : [{ value: 'custom', label: t.custom }]),
        ]}
        onChange={(chosen) => {
          const preset = PRESETS.find((preset) => preset === chosen);
          if (preset) onChange(preset);
        }}
      />
      <DatePicker.RangePicker
        aria-label={t.custom}
        allowClear={false}
        value={days ? [dayjs(days.from), dayjs(days.to)] : null}
        onChange={(chosen) => {
          const [from, to] = chosen ?? [];
          if (from && to) onChange({ from: from.format('YYYY-MM-DD'), to: to.format('YYYY-MM-DD') });
        }}
      />
    </>
  );
}

interface ChannelPickerProps {
  channels: readonly number[];
  onChange: (channels: number[]) => void;
}

function ChannelPicker({ channels, onChange }: ChannelPickerProps) {
  const t = useTexts(TEXTS);
  const language = useLanguage();
  return (
    <Select<number[]>
      mode="multiple"
      aria-label={t.channelsLabel}
      placeholder={t.channels}
      className={css.channels}
      maxTagCount="responsive"
      value={[...channels]}
      options={choices(CHANNELS, language)}
      onChange={onChange}
    />
  );
}
