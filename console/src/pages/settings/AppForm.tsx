import { Checkbox, Form, Input } from 'antd';
import { texts, useTexts } from '~/i18n';
import type { Application } from './Apps';
import { FormDialog } from './FormDialog';

const GRANTS = ['投诉管理-查询', '投诉管理-处理', '投诉管理-敏感信息', '投诉管理-平台', '应用管理'] as const;

const words = texts({
  name: ['名称', 'Name'],
  grants: ['权限集', 'Permission sets'],
  grantsHint: ['只给它用得到的。', 'Give it what it needs and no more.'],
  ips: ['允许的地址', 'Allowed addresses'],
  ipsHint: [
    '每行一个 IP 或网段，例如 203.0.113.7 或 203.0.113.0/24；不填则不限。',
    'One IP or network a line, such as 203.0.113.7 or 203.0.113.0/24; empty: any.',
  ],
});

export interface AppValues {
  name: string;
  grants: string[];
  allow_ips: string[];
}

interface Fields {
  name: string;
  grants: string[];
  ips: string;
}

interface Props {
  /** Which is changed; `null`: a new one. */
  app: Application | null;
  title: string;
  saving: boolean;
  onCancel: () => void;
  onSave: (values: AppValues) => void;
}

/** What an application is called, what it may do, and from where. */
export function AppForm({ app, title, saving, onCancel, onSave }: Props) {
  const t = useTexts(words);
  return (
    <FormDialog<Fields>
      title={title}
      saving={saving}
      first="name"
      initial={{
        name: app?.name ?? '',
        grants: app?.grants ?? ['投诉管理-查询'],
        ips: app?.allow_ips.join('\n') ?? '',
      }}
      onCancel={onCancel}
      onSave={({ name, grants, ips }) =>
        onSave({ name: name.trim(), grants, allow_ips: ips.split(/[\s,，;；]+/).filter(Boolean) })
      }
    >
      <Form.Item name="name" label={t.name} rules={[{ required: true, whitespace: true, max: 64 }]}>
        <Input />
      </Form.Item>
      <Form.Item name="grants" label={t.grants} extra={t.grantsHint}>
        <Checkbox.Group options={[...GRANTS]} />
      </Form.Item>
      <Form.Item name="ips" label={t.ips} extra={t.ipsHint}>
        <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} spellCheck={false} />
      </Form.Item>
    </FormDialog>
  );
}
