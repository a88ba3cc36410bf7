import { Form, Input, Select, Switch, TimePicker } from 'antd';
import type { Params } from '~/api';
import { pick, texts, useLanguage, useTexts } from '~/i18n';
import { CHANNELS, choices } from '~/labels';
import { type Dayjs, dayjs } from '~/parts/calendar';
import { EVENTS, KINDS } from './events';
import { FormDialog } from './FormDialog';
import type { Subscription } from './subscriptions';

const words = texts({
  add: ['新增通知', 'Add a notice'],
  edit: ['编辑通知', 'Edit a notice'],
  kind: ['方式', 'Through'],
  name: ['名称', 'Name'],
  namePlaceholder: ['例如：客服一组', 'Such as: support team'],
  target: ['地址', 'Address'],
  targetHint: [
    '群机器人的 Webhook 地址，或接收回调的 https 地址。',
    'The bot’s webhook address, or the https address that takes calls.',
  ],
  mailHint: ['邮箱，最多 10 个，以逗号分隔。', 'Mail addresses, up to 10, with commas between.'],
  targetKept: [
    '不填则不变。地址含密钥，不再显示。',
    'Empty: as it is. It holds a secret and is not shown again.',
  ],
  secret: ['加签密钥', 'Signing secret'],
  secretHint: [
    '机器人开启“加签”时的密钥；没有开启则不填。',
    'That of the bot if it asks for signatures; otherwise empty.',
  ],
  secretKept: ['不填则不变。', 'Empty: as it is.'],
  events: ['事件', 'Events'],
  eventsAll: ['不选则通知全部', 'None chosen: all'],
  channels: ['渠道', 'Channels'],
  channelsAll: ['不选则不限渠道', 'None chosen: all'],
  quiet: ['免打扰时段（北京时间）', 'Quiet hours (Beijing time)'],
  quietHint: [
    '期间只通知已超时的，其余等到结束后发送。',
    'Only what is overdue is told then; the rest waits for the end.',
  ],
  digest: ['日报时间（北京时间）', 'Daily report at (Beijing time)'],
  digestHint: [
    '每天此时发送新增、未完成、今日到期、已超时的数目；不填则不发。',
    'New, open, due today and overdue, each day at that minute; empty: never.',
  ],
  enabled: ['启用', 'Enabled'],
});

type Events = NonNullable<Params<'tousu.subscription.create'>['events']>;

interface Values {
  kind: string;
  name?: string;
  target?: string;
  secret?: string;
  events: Events;
  channels: number[];
  quiet?: [Dayjs, Dayjs] | null;
  digest?: Dayjs | null;
  enabled: boolean;
}

const SIGNED = ['dingtalk', 'feishu'];
const time = (text: string) => dayjs(`2000-01-01T${text}:00`);

interface Props {
  subscription: Subscription | null;
  saving: boolean;
  onCancel: () => void;
  onCreate: (values: Params<'tousu.subscription.create'>) => void;
  onUpdate: (values: Params<'tousu.subscription.update'>) => void;
}

/** Who is to be told of what. */
export function NoticeForm({ subscription, saving, onCancel, onCreate, onUpdate }: Props) {
  const t = useTexts(words);
  const language = useLanguage();
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch('kind', form) ?? subscription?.kind ?? 'wecom';
  const [from, to] = subscription?.quiet_hours ? subscription.quiet_hours.split('-') : [];
  const initial: Values = {
    kind: subscription?.kind ?? 'wecom',
    name: subscription?.name ?? '',
    events: (subscription?.events ?? []) as Events,
    channels: subscription?.channels ?? [],
    quiet: from && to ? [time(from), time(to)] : null,
    digest: subscription?.digest_time ? time(subscription.digest_time) : null,
    enabled: subscription?.enabled !== 0,
  };
  const named = (table: typeof EVENTS) =>
    [...table].map(([value, pair]) => ({ value, label: pick(pair, language) }));
  const send = (values: Values) => {
    const people = values.kind !== 'webhook';
    const { quiet, digest } = values;
    const parameters = {
      name: values.name?.trim() ?? '',
      ...(values.target?.trim() && { target: values.target.trim() }),
      ...(values.secret?.trim() && { secret: values.secret.trim() }),
      events: values.events,
      channels: values.channels,
      ...(people && {
        quiet_hours: quiet ? `${quiet[0].format('HH:mm')}-${quiet[1].format('HH:mm')}` : 'off',
        digest_time: digest ? digest.format('HH:mm') : 'off',
      }),
      enabled: values.enabled ? 1 : 0,
    };
    if (subscription) onUpdate({ subscription_id: subscription.subscription_id, ...parameters });
    else onCreate({ kind: values.kind, target: '', ...parameters });
  };
  return (
    <FormDialog<Values>
      title={subscription ? t.edit : t.add}
      saving={saving}
      form={form}
      initial={initial}
      first={subscription ? 'name' : 'kind'}
      onCancel={onCancel}
      onSave={send}
    >
      <Form.Item name="kind" label={t.kind}>
        <Select disabled={subscription !== null} options={named(KINDS)} />
      </Form.Item>
      <Form.Item name="name" label={t.name} rules={[{ max: 64 }]}>
        <Input placeholder={t.namePlaceholder} />
      </Form.Item>
      <Form.Item
        name="target"
        label={t.target}
        extra={subscription ? t.targetKept : kind === 'email' ? t.mailHint : t.targetHint}
        rules={[{ required: subscription === null, whitespace: true, max: 2048 }]}
      >
        <Input
          spellCheck={false}
          placeholder={subscription?.target ?? (kind === 'email' ? 'kefu@example.com' : 'https://')}
        />
      </Form.Item>
      {SIGNED.includes(kind) && (
        <Form.Item
          name="secret"
          label={t.secret}
          extra={subscription ? t.secretKept : t.secretHint}
          rules={[{ max: 256 }]}
        >
          <Input.Password autoComplete="off" />
        </Form.Item>
      )}
      <Form.Item name="events" label={t.events}>
        <Select mode="multiple" placeholder={t.eventsAll} options={named(EVENTS)} />
      </Form.Item>
      <Form.Item name="channels" label={t.channels}>
        <Select mode="multiple" placeholder={t.channelsAll} options={choices(CHANNELS, language)} />
      </Form.Item>
      {kind !== 'webhook' && (
        <>
          <Form.Item name="quiet" label={t.quiet} extra={t.quietHint}>
            <TimePicker.RangePicker aria-label={t.quiet} format="HH:mm" order={false} />
          </Form.Item>
          <Form.Item name="digest" label={t.digest} extra={t.digestHint}>
            <TimePicker format="HH:mm" />
          </Form.Item>
        </>
      )}
      <Form.Item name="enabled" label={t.enabled} valuePropName="checked">
        <Switch />
      </Form.Item>
    </FormDialog>
  );
}
