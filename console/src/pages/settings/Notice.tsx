import { App, Button, Dropdown, Tag } from 'antd';
import { texts, useLanguage, useTexts } from '~/i18n';
import { CHANNELS, label } from '~/labels';
import { When } from '~/parts';
import { EVENTS, KINDS, labelled } from './events';
import css from './settings.module.css';
import { useChange } from './shop';
import { nameOf, SUBSCRIPTIONS, type Subscription } from './subscriptions';

const words = texts({
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
  remove: ['删除', 'Delete'],
  removeSure: (name: string) => [`删除“${name}”？`, `Delete “${name}”?`],
  removeHint: ['它的投递记录一并删除。', 'Its log of deliveries goes, too.'],
  removed: ['已删除', 'Deleted'],
  comma: ['、', ', '],
});

interface NoticeProps {
  subscription: Subscription;
  onEdit: () => void;
  onLog: () => void;
  onSecret: (secret: string) => void;
}

/** A notice: who is told of what, and how that goes. */
export function Notice({ subscription, onEdit, onLog, onSecret }: NoticeProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const { message, modal } = App.useApp();
  const { subscription_id: id } = subscription;
  const name = nameOf(subscription);
  const update = useChange('tousu.subscription.update', SUBSCRIPTIONS);
  const rotate = useChange('tousu.subscription.rotate_secret', SUBSCRIPTIONS);
  const remove = useChange('tousu.subscription.delete', SUBSCRIPTIONS);
  const test = useChange('tousu.subscription.test', SUBSCRIPTIONS);
  const tryOut = async () => {
    const tried = await test.change({ subscription_id: id });
    if (tried?.delivered === 1) message.success(t.delivered);
    else if (tried) message.error(t.notDelivered(tried.problem));
  };
  const ask = (title: string, content: string, okText: string, onOk: () => Promise<unknown>) =>
    modal.confirm({
      title,
      content,
      okText,
      okButtonProps: { danger: true },
      onOk,
    });

  return (
    <li className={css.item}>
      <h2>
        {name} <Tag>{labelled(KINDS, subscription.kind, language) ?? subscription.kind}</Tag>
        {subscription.enabled === 0 && <Tag color="error">{t.off}</Tag>}
      </h2>
      <span className={css.actions}>
        <Button type="link" size="small" loading={test.changing} aria-label={t.testOf(name)} onClick={tryOut}>
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
                    onClick: () => update.change({ subscription_id: id, enabled: 1 }),
                  }
                : {
                    key: 'disable',
                    label: t.disable,
                    onClick: () =>
                      ask(t.disableSure(name), t.disableHint, t.disable, () =>
                        update.change({ subscription_id: id, enabled: 0 }),
                      ),
                  },
              ...(subscription.kind === 'webhook'
                ? [
                    {
                      key: 'rotate',
                      label: t.rotate,
                      onClick: () =>
                        ask(t.rotateSure(name), t.rotateHint, t.rotate, async () => {
                          const done = await rotate.change({ subscription_id: id });
                          if (done?.secret) onSecret(done.secret);
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
                    if (await remove.change({ subscription_id: id })) message.success(t.removed);
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
            : subscription.events.map((event) => labelled(EVENTS, event, language) ?? event).join(t.comma),
          subscription.channels.length === 0
            ? t.allChannels
            : subscription.channels.map((channel) => label(CHANNELS, channel, language)).join(t.comma),
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
