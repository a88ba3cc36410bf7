// When people are reminded of deadlines, and who may close and reopen.

import { Button, Form, InputNumber, Select, Switch } from 'antd';
import { texts, useTexts } from '~/i18n';
import css from './settings.module.css';
import { type ShopSettings, useMayChange, useSave } from './shop';
import { WithSettings } from './WithSettings';

const words = texts({
  remind: ['到期前多少小时提醒', 'Hours before a deadline to remind at'],
  remindHint: [
    '输入小时数后回车，最多 10 个，每个 1 到 720。到点时按“通知”里的设置告知；队列的“即将超时”取其中不超过 4 小时的最大值。',
    'Type hours and press Enter: up to 10, each from 1 to 720. Notices go out at these moments; the queue’s “due soon” takes the largest of up to 4 hours.',
  ],
  hours: (hours: number) => [`${hours} 小时`, `${hours} h`],
  badHours: ['应为 1 到 720 的整数，最多 10 个', 'Whole numbers from 1 to 720, ten at most'],
  closes: ['商家可以自行结单', 'The merchant may close complaints itself'],
  closesHint: ['关闭时，投诉只由平台结单。', 'Off: only the platform closes complaints.'],
  reopens: ['结单后，消费者可要求重新打开的时间', 'How long after closing the consumer may have it reopened'],
  unit: ['小时', 'hours'],
  reopensHint: ['0 为不可重新打开。', '0: not at all.'],
  save: ['保存', 'Save'],
});

export default function Handling() {
  return <WithSettings>{(settings) => <HandlingForm settings={settings} />}</WithSettings>;
}

interface Values {
  remind_hours: string[];
  merchant_closes: boolean;
  consumer_reopens_hours: number;
}

const whole = (text: string) => /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 720;

function HandlingForm({ settings }: { settings: ShopSettings }) {
  const t = useTexts(words);
  const may = useMayChange();
  const { save, saving } = useSave();
  return (
    <Form<Values>
      className={css.form}
      layout="vertical"
      disabled={!may}
      initialValues={{
        remind_hours: settings.remind_hours.map(String),
        merchant_closes: settings.merchant_closes === 1,
        consumer_reopens_hours: settings.consumer_reopens_hours,
      }}
      onFinish={(values) =>
        save({
          remind_hours: values.remind_hours.map(Number),
          merchant_closes: values.merchant_closes ? 1 : 0,
          consumer_reopens_hours: values.consumer_reopens_hours,
        }).catch(() => {
          // It was said already.
        })
      }
    >
      <Form.Item
        name="remind_hours"
        label={t.remind}
        extra={t.remindHint}
        rules={[
          {
            validator: (_, hours: string[]) =>
              hours.length <= 10 && hours.every(whole)
                ? Promise.resolve()
                : Promise.reject(new Error(t.badHours)),
          },
        ]}
      >
        <Select
          mode="tags"
          open={false}
          suffixIcon={null}
          tokenSeparators={[',', '，', ' ', '、']}
          labelRender={({ value }) => t.hours(Number(value))}
        />
      </Form.Item>
      <Form.Item name="merchant_closes" label={t.closes} extra={t.closesHint} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Form.Item
        name="consumer_reopens_hours"
        label={t.reopens}
        extra={t.reopensHint}
        rules={[{ required: true }]}
      >
        <InputNumber min={0} max={87_600} precision={0} suffix={t.unit} style={{ width: 180 }} />
      </Form.Item>
      {may && (
        <Button type="primary" htmlType="submit" loading={saving}>
          {t.save}
        </Button>
      )}
    </Form>
  );
}
