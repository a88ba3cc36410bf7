import { DatePicker, Form, Input, InputNumber, Radio, Select, Space } from 'antd';
import { texts, useLanguage, useTexts } from '~/i18n';
import { CHANNELS, choices, SOURCES } from '~/labels';
import { type Dayjs, dayjs } from '~/parts/calendar';
import { date, now } from '~/time';
import { FormDialog } from './FormDialog';
import {
  ALLOWED,
  type Draft,
  earliest,
  type Rule,
  type Scope,
  type Stage,
  titleOf,
  type Unit,
  withRule,
} from './rules';

const words = texts({
  add: ['新增规则', 'Add a rule'],
  change: ['更改期限', 'Change a deadline'],
  changeHint: [
    '原规则保留为旧版，生效日之前来的投诉仍按它计时。',
    'The rule stays as an older version for complaints from before the day.',
  ],
  scope: ['适用于', 'For'],
  any: ['所有投诉', 'All complaints'],
  channels: ['渠道', 'Channels'],
  sources: ['来源', 'Sources'],
  stage: ['要做的', 'To be done'],
  first_reply: ['首次回复', 'First reply'],
  settlement: ['处理完结', 'Settlement'],
  length: ['期限', 'Time'],
  hours: ['小时', 'hours'],
  day_end: ['日后的 24:00', 'days later, 24:00'],
  working_days: ['个工作日', 'working days'],
  from: ['生效日（北京时间 0 点起）', 'From (0:00 in Beijing)'],
  fromHint: ['不填则一直有效', 'Empty: it has always held'],
  title: ['说明', 'Description'],
  titleHint: ['不填则自动写成', 'If empty:'],
  ok: ['加入', 'Add'],
});

interface Values {
  scope: string;
  stage: Stage;
  n: number;
  unit: Unit;
  from: Dayjs | null;
  title?: string;
}

const written = (scope: Scope) => (scope.of === 'any' ? 'any' : `${scope.of} ${scope.code}`);

function read(text: string): Scope {
  const [of, code] = text.split(' ');
  return of === 'channel' || of === 'source' ? { of, code: Number(code) } : { of: 'any' };
}

const draft = ({ scope, stage, unit, n, from }: Values): Draft => ({
  scope: read(scope),
  stage,
  unit,
  n,
  from: from?.format('YYYY-MM-DD'),
});

interface Props {
  /** The shop's own rules as they are edited. */
  rules: readonly Rule[];
  /** What a new version starts from; undefined: a rule for what has none of its own yet. */
  start: Draft | undefined;
  onDone: (rules: Rule[]) => void;
  onCancel: () => void;
}

/** A rule, or a new version of one. */
export function RuleForm({ rules, start, onDone, onCancel }: Props) {
  const t = useTexts(words);
  const language = useLanguage();
  const [form] = Form.useForm<Values>();
  const values = Form.useWatch([], form) as Partial<Values> | undefined;
  const unit = values?.unit ?? start?.unit ?? 'hours';
  const [least, most] = ALLOWED[unit];
  const filled =
    values?.scope !== undefined && values.stage && values.unit && typeof values.n === 'number'
      ? draft(values as Values)
      : undefined;
  const first = filled && earliest(rules, filled);
  const initial: Values = {
    scope: written(start?.scope ?? { of: 'any' }),
    stage: start?.stage ?? 'settlement',
    n: start?.n ?? 72,
    unit: start?.unit ?? 'hours',
    from: dayjs(date(now())),
  };
  const grouped = (of: 'channel' | 'source', table: typeof CHANNELS) =>
    choices(table, language).map(({ value, label }) => ({ value: `${of} ${value}`, label }));
  return (
    <FormDialog<Values>
      title={start ? t.change : t.add}
      okText={t.ok}
      form={form}
      initial={initial}
      first={start ? 'n' : 'scope'}
      onCancel={onCancel}
      onSave={(values) => {
        const made = draft(values);
        onDone(withRule(rules, made, values.title?.trim() || titleOf(made)));
      }}
    >
      {start && <p>{t.changeHint}</p>}
      <Form.Item name="scope" label={t.scope}>
        <Select
          disabled={start !== undefined}
          showSearch={{ optionFilterProp: 'label' }}
          options={[
            { value: 'any', label: t.any },
            { label: t.channels, options: grouped('channel', CHANNELS) },
            {
              label: t.sources,
              options: grouped('source', SOURCES).filter(({ value }) => value !== 'source 210'),
            },
          ]}
        />
      </Form.Item>
      <Form.Item name="stage" label={t.stage}>
        <Radio.Group
          disabled={start !== undefined}
          options={[
            { value: 'first_reply', label: t.first_reply },
            { value: 'settlement', label: t.settlement },
          ]}
        />
      </Form.Item>
      <Form.Item label={t.length} required>
        <Space.Compact>
          <Form.Item name="n" noStyle rules={[{ required: true, type: 'integer', min: least, max: most }]}>
            <InputNumber aria-label={t.length} min={least} max={most} precision={0} />
          </Form.Item>
          <Form.Item name="unit" noStyle>
            <Select
              aria-label={t.length}
              style={{ width: 160 }}
              options={(['hours', 'day_end', 'working_days'] as const).map((value) => ({
                value,
                label: t[value],
              }))}
            />
          </Form.Item>
        </Space.Compact>
      </Form.Item>
      <Form.Item name="from" label={t.from} extra={t.fromHint}>
        <DatePicker minDate={dayjs(first ?? '1970-01-02')} />
      </Form.Item>
      <Form.Item name="title" label={t.title} extra={filled && `${t.titleHint} ${titleOf(filled)}`}>
        <Input maxLength={200} />
      </Form.Item>
    </FormDialog>
  );
}
