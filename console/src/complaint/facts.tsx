// The complaint's fields under the names of the published page, and the phone number for whoever may see it.

import { EyeOutlined } from '@ant-design/icons';
import { Button, Input, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { CODE, failureText, idempotencyKey, isCode, useAct } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { CHANNELS, label, OVERTIME, TYPES } from '~/labels';
import { Copy, SourceText, StepText, When } from '~/parts';
import { useSession } from '~/session';
import { NEVER } from '~/time';
import css from './facts.module.css';
import type { Whole } from './use-complaint';

const words = texts({
  channel: ['投诉类型（渠道）', 'Channel'],
  source: ['投诉来源', 'Source'],
  type: ['投诉类型', 'Type'],
  order: ['投诉具体资源或订单', 'Order or resource'],
  resourceType: ['投诉资源类型', 'Kind of resource'],
  object: ['投诉内容对象', 'What it is about'],
  phone: ['投诉人手机号', 'Complainant’s phone'],
  user: ['投诉人用户 id', 'Complainant’s user id'],
  time: ['投诉时间', 'Complained'],
  step: ['当前所属步骤', 'Step'],
  overtime: ['是否超时', 'Overtime'],
  operate: ['操作时间', 'Window opened'],
  end: ['处理最后时限', 'Deadline'],
  limit: ['处理时限', 'Window'],
  hours: (n: number) => [`${n} 小时`, `${n} h`],
  closed: ['结单时间', 'Closed'],
  merchant: ['微信支付子商户号', 'WeChat sub-merchant'],
  none: ['—', '—'],
  reveal: ['查看完整号码', 'Show the whole number'],
  why: ['查看原因（记入处理记录）', 'What for? It is kept in the history.'],
  whyHint: ['例如：电话联系消费者确认退款', 'For example: calling about the refund'],
  show: ['查看', 'Show'],
  cancel: ['取消', 'Cancel'],
  notKept: ['没有保存完整号码', 'The whole number is not kept'],
});

export function Facts({ whole, acted }: { whole: Whole; acted: () => void }) {
  const t = useTexts(words);
  const language = useLanguage();
  const { info, standing, channel, resourceType } = whole;
  const rows: [string, ReactNode][] = [
    [t.channel, channel === null ? t.none : label(CHANNELS, channel, language)],
    [t.source, <SourceText key="source" source={Number(info.complaint_from)} />],
    [t.type, label(TYPES, info.complaint_type, language)],
    [t.phone, <Phone key="phone" id={info.complaint_id} masked={info.complainant_phone} acted={acted} />],
    [t.user, info.complainant_user_id ? <Id key="user" text={info.complainant_user_id} /> : t.none],
    [t.order, info.complaint_resource_id ? <Id key="order" text={info.complaint_resource_id} /> : t.none],
    ...objects(info.complaint_content_object).map((text): [string, ReactNode] => [t.object, text]),
    ...(resourceType ? [[t.resourceType, resourceType] as [string, ReactNode]] : []),
    [t.time, <When key="time" at={info.complaint_time} />],
    [t.step, <StepText key="step" step={standing.current_step} detailStep={standing.detail_step} />],
    [t.overtime, label(OVERTIME, standing.is_overtime, language)],
    [t.operate, <When key="operate" at={standing.operate_time} />],
    [t.limit, t.hours(standing.time_limit)],
    [t.end, <When key="end" at={standing.operate_end_time} />],
    ...(standing.closed_at === NEVER
      ? []
      : [[t.closed, <When key="closed" at={standing.closed_at} />] as [string, ReactNode]]),
    ...(info.sub_mch_id
      ? [[t.merchant, <Id key="merchant" text={info.sub_mch_id} />] as [string, ReactNode]]
      : []),
  ];
  return (
    <dl className={css.facts}>
      {rows.map(([name, value], at) => (
        <div key={at}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Id({ text }: { text: string }) {
  return (
    <span className={css.id}>
      {text}
      <Copy text={text} />
    </span>
  );
}

/** What people call the parts of the content. */
function objects(parts: readonly unknown[]): string[] {
  return parts.flatMap((part) => {
    if (typeof part === 'string') return [part];
    const { title, name } = (part ?? {}) as { title?: unknown; name?: unknown };
    return [title, name]
      .filter((text): text is string => typeof text === 'string' && text !== '')
      .slice(0, 1);
  });
}

function Phone({ id, masked, acted }: { id: string; masked: string; acted: () => void }) {
  const t = useTexts(words);
  const language = useLanguage();
  const { canReveal } = useSession();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const reveal = useAct('tousu.complaint.reveal', {
    onSuccess: () => {
      setAsking(false);
      acted();
    },
  });
  const whole = reveal.data?.complainant_phone;
  const problem =
    reveal.error &&
    (isCode(reveal.error, CODE.phoneNotKept) ? t.notKept : failureText(reveal.error, language));
  const submit = () => {
    // Each look is kept in the history: once asked, once looked.
    if (!reason.trim() || reveal.isPending) return;
    reveal.mutate({ complaint_id: id, reason: reason.trim(), idempotency_key: idempotencyKey() });
  };
  const ask = () => {
    reveal.reset();
    setAsking(true);
  };
  if (!masked) return <>{t.none}</>;
  return (
    <span className={css.phone}>
      {whole ? (
        <a href={`tel:${whole}`} className={css.number}>
          {whole}
        </a>
      ) : (
        <span className={css.number}>{masked}</span>
      )}
      {whole ? <Copy text={whole} /> : null}
      {canReveal && !whole ? (
        <Button type="link" size="small" icon={<EyeOutlined />} onClick={ask}>
          {t.reveal}
        </Button>
      ) : null}
      <Modal
        open={asking}
        title={t.reveal}
        okText={t.show}
        cancelText={t.cancel}
        okButtonProps={{ disabled: !reason.trim(), loading: reveal.isPending }}
        onOk={submit}
        onCancel={() => setAsking(false)}
        destroyOnHidden
        width={440}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <label className={css.why} htmlFor="reveal-reason">
            {t.why}
            <Input
              id="reveal-reason"
              autoFocus
              maxLength={200}
              placeholder={t.whyHint}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
        </form>
        {problem ? (
          <p className={css.problem} role="alert">
            {problem}
          </p>
        ) : null}
      </Modal>
    </span>
  );
}
