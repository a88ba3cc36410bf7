// The deadline as a bar: how much of the window is over, and what is left.

import { Button, Popover } from 'antd';
import { useState } from 'react';
import { type ExplainedWindow, type Standing, useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { useNow } from '~/live';
import { Countdown, Failed, Loading, When } from '~/parts';
import { parse, span, urgency } from '~/time';
import css from './deadline-bar.module.css';

const words = texts({
  deadline: ['处理时限', 'Deadline'],
  until: ['截止', 'Due'],
  opened: ['开始', 'Opened'],
  hours: (n: number) => [`时限 ${n} 小时`, `${n} h window`],
  firstReply: ['首次回复截止', 'First reply due'],
  settlement: ['处理完结截止', 'Settlement due'],
  why: ['为什么是这个时间', 'Why then?'],
  inTime: ['按时完成', 'Done in time'],
  late: ['超时完成', 'Done late'],
  closed: ['结单', 'Closed'],
  used: (percent: number) => [`已用 ${percent}%`, `${percent}% used`],
  source: ['由来源给出', 'Set by the source'],
  counting: ['当前计时', 'Counts now'],
  first_reply: ['首次回复', 'First reply'],
  settlementStage: ['处理完结', 'Settlement'],
  rule: (id: string, version: number) => [`规则 ${id} 第 ${version} 版`, `Rule ${id}, version ${version}`],
  early: (much: string) => [`提前 ${much}`, `${much} early`],
});

export function DeadlineBar({ standing }: { standing: Standing }) {
  const t = useTexts(words);
  const language = useLanguage();
  const now = useNow();
  const from = parse(standing.operate_time) ?? now;
  const to = parse(standing.operate_end_time) ?? from;
  const closedAt = parse(standing.closed_at);
  const done = standing.state === 2;
  const at = done ? (closedAt ?? now) : now;
  const part = to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 1;
  const percent = Math.floor(part * 100);
  const late = standing.is_overtime === 2;
  const look = done ? (late ? 'late' : 'good') : urgency(to, now);
  const two = [
    ['firstReply', standing.first_reply_end_time],
    ['settlement', standing.settlement_end_time],
  ] as const;
  // The one that counts is the bar; the other is said beside it.
  const others = two.filter(([, end]) => end && end !== standing.operate_end_time);
  return (
    <section className={css.deadline} aria-label={t.deadline} data-look={look}>
      <div className={css.line}>
        {done ? (
          <strong className={css.verdict}>
            {late ? t.late : t.inTime}
            {!late && closedAt !== null && to > closedAt ? (
              <span className={css.soft}> {t.early(span(to - closedAt, language))}</span>
            ) : null}
          </strong>
        ) : (
          <Countdown until={standing.operate_end_time} />
        )}
        <span className={css.until}>
          {t.until} <When at={standing.operate_end_time} beside={false} />
        </span>
      </div>
      <div
        className={css.bar}
        role="progressbar"
        aria-label={t.deadline}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={t.used(percent)}
      >
        <div className={css.used} style={{ width: `${part * 100}%` }} />
      </div>
      <div className={css.line}>
        <span className={css.soft}>
          {t.opened} <When at={standing.operate_time} beside={false} /> · {t.hours(standing.time_limit)}
          {done && closedAt !== null ? (
            <>
              {' · '}
              {t.closed} <When at={standing.closed_at} beside={false} />
            </>
          ) : (
            others.map(([name, end]) => (
              <span key={name}>
                {' · '}
                {t[name]} <When at={end} />
              </span>
            ))
          )}
        </span>
        <Why id={standing.complaint_id} />
      </div>
    </section>
  );
}

function Why({ id }: { id: string }) {
  const t = useTexts(words);
  const [open, setOpen] = useState(false);
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      open={open}
      onOpenChange={setOpen}
      title={t.why}
      content={open ? <Explained id={id} /> : null}
    >
      <Button type="link" size="small" aria-expanded={open}>
        {t.why}
      </Button>
    </Popover>
  );
}

function Explained({ id }: { id: string }) {
  const { data, error, refetch } = useCall('tousu.deadline.explain', { complaint_id: id });
  if (error) return <Failed error={error} retry={() => refetch()} />;
  if (!data) return <Loading lines={3} />;
  return (
    <div className={css.windows}>
      {data.windows.map((window) => (
        <Window key={window.stage} window={window} />
      ))}
    </div>
  );
}

function Window({ window }: { window: ExplainedWindow }) {
  const t = useTexts(words);
  return (
    <section className={css.window}>
      <h4>
        {window.stage === 'first_reply' ? t.first_reply : t.settlementStage}
        {window.counts === 1 ? <span className={css.counts}>{t.counting}</span> : null}
      </h4>
      <p>{window.title || t.source}</p>
      <p className={css.soft}>
        <When at={window.starts} beside={false} /> – <When at={window.ends} beside={false} />
        {window.rule ? ` · ${t.rule(window.rule, window.rule_version)}` : ''}
      </p>
      {window.note ? <p className={css.soft}>{window.note}</p> : null}
      <ol>
        {window.intervals.map((interval) => (
          <li key={interval.starts} data-phase={interval.phase} data-counts={interval.counts > 0}>
            <span>
              <When at={interval.starts} beside={false} /> – <When at={interval.ends} beside={false} />
            </span>
            <span>{interval.why}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
