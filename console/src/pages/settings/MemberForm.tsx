import { Form, Input } from 'antd';
import type { Params } from '~/api';
import { texts, useTexts } from '~/i18n';
import { FormDialog } from './FormDialog';
import { RoleSelect } from './RoleSelect';

const words = texts({
  add: ['新增成员', 'Add a member'],
  login: ['登录名', 'Login'],
  loginHint: [
    '用来登录，之后不能更改。已有账号的人填其登录名即可加入本店。',
    'For signing in; it cannot be changed. Whoever has an account already joins the shop by it.',
  ],
  name: ['姓名', 'Name'],
  role: ['角色', 'Role'],
  password: ['初始密码', 'First password'],
  passwordHint: [
    '至少 10 个字符；不填则生成一个，只显示一次。',
    'At least 10 characters. If empty, one is made and shown once.',
  ],
});

interface Fields {
  login: string;
  name?: string;
  role: string;
  password?: string;
}

interface Props {
  saving: boolean;
  onCancel: () => void;
  onSave: (member: Params<'tousu.member.set'>) => void;
}

/** Somebody who is to work for the shop. */
export function MemberForm({ saving, onCancel, onSave }: Props) {
  const t = useTexts(words);
  return (
    <FormDialog<Fields>
      title={t.add}
      saving={saving}
      first="login"
      initial={{ role: 'agent' }}
      onCancel={onCancel}
      onSave={({ login, name, role, password }) =>
        onSave({
          login: login.trim(),
          role,
          ...(name?.trim() && { name: name.trim() }),
          ...(password && { password }),
        })
      }
    >
      <Form.Item
        name="login"
        label={t.login}
        extra={t.loginHint}
        rules={[{ required: true, whitespace: true, max: 64 }]}
      >
        <Input spellCheck={false} />
      </Form.Item>
      <Form.Item name="name" label={t.name} rules={[{ max: 40 }]}>
        <Input />
      </Form.Item>
      <Form.Item name="role" label={t.role}>
        <RoleSelect />
      </Form.Item>
      <Form.Item name="password" label={t.password} extra={t.passwordHint} rules={[{ min: 10, max: 256 }]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </FormDialog>
  );
}
