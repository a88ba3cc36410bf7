// Who is told of what happens: programs by webhooks, people through group bots or by mail.

import { PlusOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Tag } from 'antd';
import { useState } from 'react';
import { callKey, type Data, failureText, queryClient, useAct, useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { CHANNELS, label } from '~/labels';
import { Empty, Failed, Loading, When } from '~/parts';
import { Deliveries } from './Deliveries';
import { EVENTS, KINDS, labelled } from './events';
import { NoticeForm } from './NoticeForm';
import { SecretOnce } from './SecretOnce';
import css from './settings.module.css';

export type Subscription = Data<'tousu.subscription.list'>['list'][number];

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
  all: ['全部事件', 'all events'],
  allChannels: ['全部渠道', 'all channels'],
  quiet: (hours: string) => [`免打扰 ${hours}`, `quiet ${hours}`],
  digest: (time: string) => [`日报 ${time}`, `daily report ${time}`],
  off: ['已停用', 'Disabled'],
  waiting: (count: number) => [`待送达 ${count}`, `${count} waiting`],
  givenUp: (count: number) => [`已放弃 ${count}`, `${count} given up`],
  failures: (count: number) => [`连续失败 ${count} 次`, `${count} failures in a row`],
  paused: ['暂停至', 'paused until'],
  fine: ['正常', 'Fine'],
  test: ['发送测试', 'Send a test'],
  testOf: (name: string) => [`向“${name}”发送测试通知`, `Send a test notice to “${name}”`],
  delivered: ['测试通知已送达', 'The test notice was delivered'],
  notDelivered: (why: string) => [`测试通知没有送达：${why}`, `The test notice was not delivered: ${why}`],
  log: ['投递记录', 'Deliveries'],
  logOf: (name: string) => [`“${name}”的投递记录`, `Deliveries of “${name}”`],
  edit: ['编辑', 'Edit'],
  editOf: (name: string) => [`编辑“${name}”`, `Edit “${name}”`],
  more: ['更多', 'More'],
  moreOf: (name: string) => [`“${name}”的更多操作`, `More about “${name}”`],
  enable: ['启用', 'Enable'],
  disable: ['停用', 'Disable'],
  disableSure: (name: string) => [`停用“${name}”？`, `Disable “${name}”?`],
  disableHint: ['停用期间发生的事不会补发。', 'What happens meanwhile is never told.'],
  rotate: ['更换签名密钥', 'Rotate the secret'],
  rotateSure: (name: string) => [`更换“${name}”的签名密钥？`, `Rotate the secret of “${name}”?`],
  rotateHint: [
    '旧密钥与新密钥同时签名 24 小时，期间请换上新的。',
    'Both sign for 24 hours; put the new one in place meanwhile.',
  ],
  rotated: ['签名密钥已更换', 'The secret was rotated'],
  remove: ['删除', 'Delete'],
  removeSure: (name: string) => [`删除“${name}”？`, `Delete “${name}”?`],
  removeHint: ['它的投递记录一并删除。', 'Its log of deliveries goes, too.'],
  removed: ['已删除', 'Deleted'],
  created: ['通知已建立', 'The notice was made'],
  secret: ['签名密钥', 'Signing secret'],
  saved: ['已保存', 'Saved'],
});

const refresh = () => queryClient.invalidateQueries({ queryKey: callKey('tousu.subscription.list') });

/** What people call it. */
const nameOf = (subscription: Subscription) => subscription.name || subscription.target;

export default function Notices() {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const subscriptions = useCall('tousu.subscription.list', {}, { refetchInterval: 15_000 });
  /** What is edited; null: a new one. */
  const [form, setForm] = useState<{ of: Subscription | null } | null>(null);
  /** Whose log is looked at. */
  const [logId, setLogId] = useState<string | null>(null);
  const [told, setTold] = useState<{ title: string; secret: string } | null>(null);
  const onError = (error: Error) => {
    message.error(failureText(error, language));
  };
  const onSuccess = () => {
    refresh();
  };
  const create = useAct('tousu.subscription.create', { onError, onSuccess });
  const update = useAct('tousu.subscription.update', { onError, onSuccess });

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
          saving={create.isPending || update.isPending}
          onCancel={() => setForm(null)}
          onCreate={async (values) => {
            const made = await create.mutateAsync(values).catch(() => null);
            if (!made) return;
            setForm(null);
            if (made.secret) setTold({ title: t.created, secret: made.secret });
            else message.success(t.created);
          }}
          onUpdate={async (values) => {
            if (!(await update.mutateAsync(values).catch(() => null))) return;
            setForm(null);
            message.success(t.saved);
          }}
        />
      )}
      {log && <Deliveries subscription={log} title={t.logOf(nameOf(log))} onClose={() => setLogId(null)} />}
      {told && (
        <SecretOnce title={told.title} told={[[t.secret, told.secret]]} onClose={() => setTold(null)} />
      )}
    </div>
  );
}

interface NoticeProps {
  subscription: Subscription;
  onEdit: () => void;
  onLog: () => void;
  onSecret: (secret: string) => void;
}

function Notice({ subscription, onEdit, onLog, onSecret }: NoticeProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const { message, modal } = App.useApp();
  const { subscription_id: id } = subscription;
  const name = nameOf(subscription);
  const onError = (error: Error) => {
    message.error(failureText(error, language));
  };
  const onSuccess = () => {
    refresh();
  };
  const update = useAct('tousu.subscription.update', { onError, onSuccess });
  const rotate = useAct('tousu.subscription.rotate_secret', { onError, onSuccess });
  const remove = useAct('tousu.subscription.delete', { onError, onSuccess });
  const test = useAct('tousu.subscription.test', {
    onError,
    onSuccess: ({ delivered, problem }) => {
      refresh();
      if (delivered === 1) message.success(t.delivered);
      else message.error(t.notDelivered(problem));
    },
  });
  const ask = (title: string, content: string, okText: string, onOk: () => Promise<unknown>) =>
    modal.confirm({
      title,
      content,
      okText,
      okButtonProps: { danger: true },
      onOk: () => onOk().catch(() => null),
    });

  return (
    <li className={css.item}>
      <h2>
        {name} <Tag>{labelled(KINDS, subscription.kind, language) ?? subscription.kind}</Tag>
        {subscription.enabled === 0 && <Tag color="error">{t.off}</Tag>}
      </h2>
      <span className={css.actions}>
        <Button
          type="link"
          size="small"
          loading={test.isPending}
          aria-label={t.testOf(name)}
          onClick={() => test.mutate({ subscription_id: id })}
        >
          {t.test}
        </Button>
        <Button type="link" size="small" aria-label={t.logOf(name)} onClick={onLog}>
          {t.log}
        </Button>
        <Button type="link" size="small" aria-label={t.editOf(name)} onClick={onEdit}>
          {t.edit}
        </Button>
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              subscription.enabled === 0
                ? {
                    key: 'enable',
                    label: t.enable,
                    onClick: () => update.mutate({ subscription_id: id, enabled: 1 }),
                  }
                : {
                    key: 'disable',
                    label: t.disable,
                    onClick: () =>
                      ask(t.disableSure(name), t.disableHint, t.disable, () =>
                        update.mutateAsync({ subscription_id: id, enabled: 0 }),
                      ),
                  },
              ...(subscription.kind === 'webhook'
                ? [
                    {
                      key: 'rotate',
                      label: t.rotate,
                      onClick: () =>
                        ask(t.rotateSure(name), t.rotateHint, t.rotate, async () => {
                          const { secret } = await rotate.mutateAsync({ subscription_id: id });
                          if (secret) onSecret(secret);
                        }),
                    },
                  ]
                : []),
              {
                key: 'remove',
                label: t.remove,
                danger: true,
                onClick: () =>
                  ask(t.removeSure(name), t.removeHint, t.remove, async () => {
                    await remove.mutateAsync({ subscription_id: id });
                    message.success(t.removed);
                  }),
              },
            ],
          }}
        >
          <Button type="link" size="small" aria-label={t.moreOf(name)}>
            {t.more}
          </Button>
        </Dropdown>
      </span>
      <p className={css.code}>{subscription.target}</p>
      <p>
        {[
          subscription.events.length === 0
            ? t.all
            : subscription.events.map((event) => labelled(EVENTS, event, language) ?? event).join('、'),
          subscription.channels.length === 0
            ? t.allChannels
            : subscription.channels.map((channel) => label(CHANNELS, channel, language)).join('、'),
          subscription.quiet_hours && t.quiet(subscription.quiet_hours),
          subscription.digest_time && t.digest(subscription.digest_time),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {subscription.enabled === 1 && <Health subscription={subscription} />}
    </li>
  );
}

/** How it goes. */
function Health({ subscription }: { subscription: Subscription }) {
  const t = useTexts(words);
  const { waiting, given_up: givenUp, failures, problem, paused_until: paused } = subscription;
  if (!waiting && !givenUp && !failures && !problem && !paused) {
    return <p className={css.good}>{t.fine}</p>;
  }
  return (
    <p className={failures || problem || givenUp ? css.problem : undefined}>
      {[
        waiting > 0 && t.waiting(waiting),
        givenUp > 0 && t.givenUp(givenUp),
        failures > 0 && t.failures(failures),
        problem,
      ]
        .filter(Boolean)
        .join(' · ')}
      {paused && (
        <>
          {' · '}
          {t.paused} <When at={paused} />
        </>
      )}
    </p>
  );
}
