// Who is told of what happens: programs by webhooks, people through group bots or by mail.

import { PlusOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import { useRef, useState } from 'react';
import { type Params, useCall } from '~/api';
import { texts, useTexts } from '~/i18n';
import { useFollow, useVersionNow } from '~/live';
import { Empty, Failed, Loading } from '~/parts';
import { Deliveries } from './Deliveries';
import { Notice } from './Notice';
import { NoticeForm } from './NoticeForm';
import { SecretOnce } from './SecretOnce';
import css from './settings.module.css';
import { useChange } from './shop';
import { nameOf, SUBSCRIPTIONS, type Subscription } from './subscriptions';

const words = texts({
  lead: [
    '新投诉、回复、即将到期、超时、结单等发生时，通知程序（签名的 HTTP 回调）或人（群机器人、邮件）。',
    'When a complaint comes in, is answered, nears its deadline, is overdue or closed, tell programs (signed webhooks) or people (group bots, mail).',
  ],
  add: ['新增通知', 'Add a notice'],
  none: ['还没有设置通知', 'Nobody is told yet'],
  noneHint: [
    '接上群机器人后，新投诉和到期提醒会直接发到群里。',
    'With a group bot, new complaints and reminders go straight to your chat.',
  ],
  logOf: (name: string) => [`“${name}”的投递记录`, `Deliveries of “${name}”`],
  rotated: ['签名密钥已更换', 'The secret was rotated'],
  created: ['通知已建立', 'The notice was made'],
  secret: ['签名密钥', 'Signing secret'],
  saved: ['已保存', 'Saved'],
});

/** How often one looks while something is on its way, and otherwise, in milliseconds. */
const SOON = 2_000;
const LATER = 15_000;
/** So long after something happened it may be that nobody has begun to tell it. */
const BEFORE_IT_IS_TOLD = 10_000;

export default function Notices() {
  const t = useTexts(words);
  const { message } = App.useApp();
  const version = useVersionNow();
  const [at, setAt] = useState(version.current);
  const happened = useRef(0);
  const subscriptions = useCall(
    SUBSCRIPTIONS,
    {},
    {
      refetchInterval: ({ state }) =>
        Date.now() < happened.current + BEFORE_IT_IS_TOLD ||
        state.data?.list.some(({ waiting }) => waiting > 0)
          ? SOON
          : LATER,
    },
  );
  // What happens in the shop is what is told.
  useFollow(at, SOON, () => {
    happened.current = Date.now();
    setAt(version.current);
    return subscriptions.refetch();
  });
  /** What is edited; null: a new one. */
  const [form, setForm] = useState<{ of: Subscription | null } | null>(null);
  /** Whose log is looked at. */
  const [logId, setLogId] = useState<string | null>(null);
  const [told, setTold] = useState<{ title: string; secret: string } | null>(null);
  const create = useChange('tousu.subscription.create', SUBSCRIPTIONS);
  const update = useChange('tousu.subscription.update', SUBSCRIPTIONS);
  const make = async (values: Params<'tousu.subscription.create'>) => {
    const made = await create.change(values);
    if (!made) return;
    setForm(null);
    if (made.secret) setTold({ title: t.created, secret: made.secret });
    else message.success(t.created);
  };
  const save = async (values: Params<'tousu.subscription.update'>) => {
    if (!(await update.change(values))) return;
    setForm(null);
    message.success(t.saved);
  };

  if (subscriptions.error && !subscriptions.data) {
    return <Failed error={subscriptions.error} retry={subscriptions.refetch} />;
  }
  if (!subscriptions.data) return <Loading />;
  const log = subscriptions.data.list.find((subscription) => subscription.subscription_id === logId);
  return (
    <div className={css.stack}>
      <p className={css.lead}>{t.lead}</p>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm({ of: null })}>
        {t.add}
      </Button>
      {subscriptions.data.list.length === 0 ? (
        <Empty title={t.none} hint={t.noneHint} />
      ) : (
        <ul className={css.list}>
          {subscriptions.data.list.map((subscription) => (
            <Notice
              key={subscription.subscription_id}
              subscription={subscription}
              onEdit={() => setForm({ of: subscription })}
              onLog={() => setLogId(subscription.subscription_id)}
              onSecret={(secret) => setTold({ title: t.rotated, secret })}
            />
          ))}
        </ul>
      )}
      {form && (
        <NoticeForm
          subscription={form.of}
          saving={create.changing || update.changing}
          onCancel={() => setForm(null)}
          onCreate={make}
          onUpdate={save}
        />
      )}
      {log && <Deliveries subscription={log} title={t.logOf(nameOf(log))} onClose={() => setLogId(null)} />}
      {told && (
        <SecretOnce title={told.title} told={[[t.secret, told.secret]]} onClose={() => setTold(null)} />
      )}
    </div>
  );
}
