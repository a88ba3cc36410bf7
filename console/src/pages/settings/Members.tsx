// Who works for the shop, and what each may do.

import { PlusOutlined } from '@ant-design/icons';
import { App, Button, Form, Input, Modal, Popconfirm, Select, Table, Tag } from 'antd';
import { useState } from 'react';
import { callKey, type Data, failureText, type Params, queryClient, useAct, useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { Failed, Loading, When } from '~/parts';
import { useSession } from '~/session';
import { SecretOnce } from './SecretOnce';
import css from './settings.module.css';

type Member = Data<'tousu.member.list'>['list'][number];

const ROLES = ['viewer', 'agent', 'supervisor', 'administrator'] as const;

const words = texts({
  add: ['新增成员', 'Add a member'],
  login: ['登录名', 'Login'],
  loginHint: [
    '用来登录，之后不能更改。已有账号的人填其登录名即可加入本店。',
    'For signing in; it cannot be changed. Whoever has an account already joins the shop by it.',
  ],
  name: ['姓名', 'Name'],
  role: ['角色', 'Role'],
  viewer: ['只读', 'Viewer'],
  viewerHint: ['查看投诉与统计', 'Looks at complaints and figures'],
  agent: ['客服', 'Agent'],
  agentHint: ['处理投诉，可查看完整手机号', 'Handles complaints; may see whole phone numbers'],
  supervisor: ['主管', 'Supervisor'],
  supervisorHint: [
    '另可代平台登记核验、清除个人信息',
    'Also records the platform’s checks and erases personal data',
  ],
  administrator: ['管理员', 'Administrator'],
  administratorHint: [
    '另可更改设置、成员、应用与通知',
    'Also changes settings, members, applications and notices',
  ],
  password: ['初始密码', 'First password'],
  passwordHint: [
    '至少 10 个字符；不填则生成一个，只显示一次。',
    'At least 10 characters. If empty, one is made and shown once.',
  ],
  seen: ['最近使用', 'Last seen'],
  never: ['从未', 'Never'],
  disabled: ['已停用', 'Disabled'],
  you: ['本人', 'You'],
  roleOf: (name: string) => [`${name} 的角色`, `Role of ${name}`],
  remove: ['移出', 'Remove'],
  removeOf: (name: string) => [`把 ${name} 移出本店`, `Remove ${name} from the shop`],
  removeSure: ['移出后立即不能再访问本店。', 'They lose access to this shop at once.'],
  saved: ['已保存', 'Saved'],
  removed: ['已移出', 'Removed'],
  created: ['账号已建立', 'The account was made'],
  passwordOnce: ['初始密码', 'First password'],
  save: ['保存', 'Save'],
});

const refresh = () => queryClient.invalidateQueries({ queryKey: callKey('tousu.member.list') });

export default function Members() {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const { user } = useSession();
  const members = useCall('tousu.member.list', {});
  const [adding, setAdding] = useState(false);
  const [told, setTold] = useState<{ login: string; password: string } | null>(null);
  const onError = (error: Error) => {
    message.error(failureText(error, language));
  };
  const set = useAct('tousu.member.set', {
    onError,
    onSuccess: () => {
      refresh();
    },
  });
  const remove = useAct('tousu.member.remove', {
    onError,
    onSuccess: () => {
      refresh();
      message.success(t.removed);
    },
  });
  if (members.error && !members.data) return <Failed error={members.error} retry={members.refetch} />;
  if (!members.data) return <Loading />;
  return (
    <div className={css.stack}>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
        {t.add}
      </Button>
      <Table<Member>
        className={css.full}
        size="middle"
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        rowKey="login"
        dataSource={members.data.list}
        columns={[
          {
            title: t.name,
            render: (_, member) => (
              <>
                {member.name || member.login} {member.login === user.login && <Tag>{t.you}</Tag>}
                {member.disabled ? <Tag color="error">{t.disabled}</Tag> : null}
              </>
            ),
          },
          { title: t.login, render: (_, member) => <span className={css.code}>{member.login}</span> },
          {
            title: t.role,
            render: (_, member) => (
              <RoleSelect
                label={t.roleOf(member.name || member.login)}
                value={member.role}
                disabled={set.isPending}
                onChange={(role) =>
                  set.mutate(
                    { login: member.login, role },
                    { onSuccess: () => void message.success(t.saved) },
                  )
                }
              />
            ),
          },
          {
            title: t.seen,
            render: (_, member) =>
              member.last_seen_at ? (
                <When at={member.last_seen_at} />
              ) : (
                <span className={css.soft}>{t.never}</span>
              ),
          },
          {
            key: 'actions',
            title: '',
            render: (_, member) => (
              <Popconfirm title={t.removeSure} onConfirm={() => remove.mutate({ login: member.login })}>
                <Button type="link" danger size="small" aria-label={t.removeOf(member.name || member.login)}>
                  {t.remove}
                </Button>
              </Popconfirm>
            ),
          },
        ]}
      />
      {adding && (
        <MemberForm
          saving={set.isPending}
          onCancel={() => setAdding(false)}
          onSave={async (member) => {
            const made = await set.mutateAsync(member).catch(() => null);
            if (!made) return;
            setAdding(false);
            if (made.password) setTold({ login: made.member.login, password: made.password });
            else message.success(t.saved);
          }}
        />
      )}
      {told && (
        <SecretOnce
          title={t.created}
          told={[
            [t.login, told.login],
            [t.passwordOnce, told.password],
          ]}
          onClose={() => setTold(null)}
        />
      )}
    </div>
  );
}

interface RoleProps {
  label?: string;
  value?: string;
  disabled?: boolean;
  id?: string;
  onChange?: (role: string) => void;
}

function RoleSelect({ label, ...rest }: RoleProps) {
  const t = useTexts(words);
  return (
    <Select<string>
      {...rest}
      {...(label !== undefined && { 'aria-label': label })}
      style={{ minWidth: 140 }}
      popupMatchSelectWidth={false}
      options={ROLES.map((role) => ({ value: role, label: t[role], hint: t[`${role}Hint`] }))}
      optionRender={({ data, label }) => (
        <>
          <div>{label}</div>
          <div className={css.soft}>{data.hint}</div>
        </>
      )}
    />
  );
}

type NewMember = Params<'tousu.member.set'>;

interface FormProps {
  saving: boolean;
  onCancel: () => void;
  onSave: (member: NewMember) => void;
}

function MemberForm({ saving, onCancel, onSave }: FormProps) {
  const t = useTexts(words);
  const [form] = Form.useForm<{ login: string; name?: string; role: string; password?: string }>();
  return (
    <Modal
      open
      title={t.add}
      okText={t.save}
      confirmLoading={saving}
      onCancel={onCancel}
      onOk={() =>
        form.validateFields().then(
          ({ login, name, role, password }) =>
            onSave({
              login: login.trim(),
              role,
              ...(name?.trim() && { name: name.trim() }),
              ...(password && { password }),
            }),
          () => {
            // The form says what is wrong.
          },
        )
      }
    >
      <Form form={form} layout="vertical" initialValues={{ role: 'agent' }} autoComplete="off">
        <Form.Item
          name="login"
          label={t.login}
          extra={t.loginHint}
          rules={[{ required: true, whitespace: true, max: 64 }]}
        >
          <Input autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Form.Item name="name" label={t.name} rules={[{ max: 40 }]}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t.role}>
          <RoleSelect />
        </Form.Item>
        <Form.Item name="password" label={t.password} extra={t.passwordHint} rules={[{ min: 10, max: 256 }]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
