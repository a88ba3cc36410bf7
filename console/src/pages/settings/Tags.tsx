// The tags that are offered. Others may be given all the same.

import { Button, Form, Select } from 'antd';
import { texts, useTexts } from '~/i18n';
import css from './settings.module.css';
import { type ShopSettings, useMayChange, useSave } from './shop';
import { WithSettings } from './WithSettings';

const words = texts({
  tags: ['可选标签', 'Tags on offer'],
  hint: [
    '处理投诉时从这里选择，也可以临时另写。去掉一个标签不影响已经打上它的投诉。',
    'Offered when a complaint is tagged; others can be typed. Taking one away leaves complaints that have it as they are.',
  ],
  placeholder: ['输入后回车', 'Type and press Enter'],
  tooLong: ['每个标签不超过 64 字', 'Up to 64 characters each'],
  save: ['保存', 'Save'],
});

export default function Tags() {
  return <WithSettings>{(settings) => <TagsForm settings={settings} />}</WithSettings>;
}

function TagsForm({ settings }: { settings: ShopSettings }) {
  const t = useTexts(words);
  const may = useMayChange();
  const { save, saving } = useSave();
  return (
    <Form<{ tags: string[] }>
      className={css.form}
      layout="vertical"
      disabled={!may}
      initialValues={{ tags: settings.tags }}
      onFinish={({ tags }) =>
        save({ tags: tags.map((tag) => tag.trim()).filter(Boolean) }).catch(() => {
          // It was said already.
        })
      }
    >
      <Form.Item
        name="tags"
        label={t.tags}
        extra={t.hint}
        rules={[
          {
            validator: (_, tags: string[]) =>
              tags.every((tag) => [...tag].length <= 64)
                ? Promise.resolve()
                : Promise.reject(new Error(t.tooLong)),
          },
        ]}
      >
        <Select
          mode="tags"
          open={false}
          suffixIcon={null}
          placeholder={t.placeholder}
          tokenSeparators={[',', '，', '、']}
        />
      </Form.Item>
      {may && (
        <Button type="primary" htmlType="submit" loading={saving}>
          {t.save}
        </Button>
      )}
    </Form>
  );
}
