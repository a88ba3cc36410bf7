// Whether complaints are also fetched from the official platform, how far that is behind, and what is proved.

import { Alert, Tag } from 'antd';
import { Fragment } from 'react';
import { Link } from 'react-router';
import { type Data, useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { label, STATES } from '~/labels';
import { Empty, Failed, Loading } from '~/parts';
import { oneOf } from './rules';
import css from './settings.module.css';

const words = texts({
  none: ['没有设置同步', 'No mirror is set up'],
  hint: [
    '本店的投诉由接口写入或从文件导入。用 tousu sync add 可从小鹅通官方接口持续同步。',
    'This shop’s complaints come in by the interfaces or from files. tousu sync add has them fetched from the official platform.',
  ],
  lead: [
    '本店的投诉由上游同步而来：新增与未完成的定期读取，全部投诉定期核对。回复与结单请在上游进行。',
    'This shop’s complaints are fetched from upstream: what is new or open at short intervals, everything now and then. Replies and closings are made upstream.',
  ],
  upstream: ['上游', 'Upstream'],
  every: ['间隔', 'Every'],
  seconds: (count: number) => [`${count} 秒`, `${count} s`],
  share: ['占用频率限制', 'Share of the limits'],
  lag: ['落后', 'Behind'],
  never: ['尚未完成第一次同步', 'The first look is not finished yet'],
  fresh: ['此前的变更均已同步', 'Whole as of'],
  success: ['最近一次成功', 'Last success'],
  complaints: ['投诉', 'Complaints'],
  details: ['待获取详情', 'Details to be fetched'],
  missing: ['上游查不到', 'Missing upstream'],
  compared: (time: string) => [`核对于 ${time}`, `Compared at ${time}`],
  same: (days: number) => [`${days} 天全部一致`, `All ${days} days are the same`],
  notSame: (certain: number, days: number) => [
    `${days} 天中 ${certain} 天确定一致`,
    `${certain} of ${days} days are certainly the same`,
  ],
  more: (count: number) => [`另有 ${count} 项`, `and ${count} more`],
  day: ['日期', 'Day'],
  state: ['状态', 'State'],
  here: ['本地', 'Here'],
  there: ['上游', 'Upstream'],
  checksum: ['校验和', 'Checksum'],
  certain: ['一致', 'Same'],
  uncertain: ['不确定', 'Uncertain'],
});

type Shown = NonNullable<Data<'tousu.mirror.get'>['mirror']>;
type Proof = NonNullable<Shown['proof']>;

/** How long what is shown may stay, in milliseconds. */
const LOOK_AGAIN = 5_000;
/** Days that are shown. */
const DAYS = 90;

export default function Mirror() {
  const t = useTexts(words);
  const { data, error, refetch } = useCall('tousu.mirror.get', {}, { refetchInterval: LOOK_AGAIN });
  if (error && !data) return <Failed error={error} retry={refetch} />;
  if (!data) return <Loading />;
  if (!data.mirror) return <Empty title={t.none} hint={t.hint} />;
  return <Standing mirror={data.mirror} />;
}

function Standing({ mirror }: { mirror: Shown }) {
  const t = useTexts(words);
  const language = useLanguage();
  const facts: [string, string][] = [
    [t.upstream, `${mirror.base_url} ${mirror.app_id}`],
    [t.every, t.seconds(mirror.every_seconds)],
    [t.share, `${mirror.share_percent}%`],
    [t.lag, mirror.lag_seconds == null ? t.never : t.seconds(mirror.lag_seconds)],
    [t.fresh, mirror.fresh_as_of ?? '–'],
    [t.success, mirror.succeeded_at ?? '–'],
    [t.complaints, mirror.complaints.toLocaleString('en')],
    [t.details, mirror.details_due.toLocaleString('en')],
  ];
  return (
    <div className={css.stack}>
      <p className={css.lead}>{t.lead}</p>
      {mirror.problem && <Alert type="warning" showIcon title={oneOf(mirror.problem, language)} />}
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
        {mirror.missing.length > 0 && (
          <>
            <dt>{t.missing}</dt>
            <dd>
              {mirror.missing.map((id) => (
                <div key={id}>
                  <Link to={`/complaints/${encodeURIComponent(id)}`}>{id}</Link>
                </div>
              ))}
            </dd>
          </>
        )}
      </dl>
      {mirror.proof && <Proven proof={mirror.proof} />}
      {mirror.days.length > 0 && <Days days={mirror.days.slice(0, DAYS)} />}
    </div>
  );
}

function Proven({ proof }: { proof: Proof }) {
  const t = useTexts(words);
  const language = useLanguage();
  const left = proof.uncertain_total - proof.uncertain.length;
  return (
    <Alert
      type={proof.certain === 1 ? 'success' : 'warning'}
      showIcon
      title={
        proof.certain_days === proof.days ? t.same(proof.days) : t.notSame(proof.certain_days, proof.days)
      }
      description={
        <>
          <div>{t.compared(proof.ended)}</div>
          {proof.uncertain.map(({ day, complaint_id, why }) => (
            <div key={`${day}${complaint_id}${why}`}>
              {[day, complaint_id].filter(Boolean).join(' ')} {oneOf(why, language)}
            </div>
          ))}
          {left > 0 && <div>{t.more(left)}</div>}
        </>
      }
    />
  );
}

function Days({ days }: { days: Shown['days'] }) {
  const t = useTexts(words);
  const language = useLanguage();
  return (
    <table className={css.figures}>
      <thead>
        <tr>
          <th scope="col">{t.day}</th>
          <th scope="col" className={css.words}>
            {t.state}
          </th>
          <th scope="col">{t.here}</th>
          <th scope="col">{t.there}</th>
          <th scope="col" className={css.roomy}>
            {t.checksum}
          </th>
          <th scope="col">{t.certain}</th>
        </tr>
      </thead>
      <tbody>
        {days.map(({ day, state, here, there, here_checksum, there_checksum, certain }) => (
          <tr key={`${day} ${state}`}>
            <th scope="row">{day}</th>
            <td className={css.words}>{label(STATES, state, language)}</td>
            <td>{here.toLocaleString('en')}</td>
            <td>{there.toLocaleString('en')}</td>
            <td className={css.roomy}>
              <code>{here_checksum}</code>
              {here_checksum !== there_checksum && (
                <>
                  {' '}
                  ≠ <code>{there_checksum}</code>
                </>
              )}
            </td>
            <td>
              {certain === 1 ? (
                <Tag color="success">{t.certain}</Tag>
              ) : (
                <Tag color="warning">{t.uncertain}</Tag>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
