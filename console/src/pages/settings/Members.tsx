// Who works for the shop, and what each may do.

import { PlusOutlined } from '@ant-design/icons';
import { App, Button, Popconfirm, Table, Tag } from 'antd';
import { useState } from 'react';
import { type Data, queryClient, useCall } from '~/api';
import { texts, useTexts } from '~/i18n';
import { cards, Failed, Loading, titled, When } from '~/parts';
import { SESSION_KEY, useSession } from '~/session';
import { MemberForm } from './MemberForm';
import { RoleSelect } from './RoleSelect';
import { SecretOnce } from './SecretOnce';
import css from './settings.module.css';
import { useChange } from './shop';

type Member = Data<'tousu.member.list'>['list'][number];

const words = texts({
  add: ['新增成员', 'Add a member'],
  login: ['登录名', 'Login'],
  name: ['姓名', 'Name'],
  role: ['角色', 'Role'],
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
});

const LIST = 'tousu.member.list';

export default function Members() {
  const t = useTexts(words);
  const { message } = App.useApp();
  const { user } = useSession();
  const members = useCall(LIST, {});
  const [adding, setAdding] = useState(false);
  const [told, setTold] = useState<{ login: string; password: string } | null>(null);
  const set = useChange('tousu.member.set', LIST);
  const remove = useChange('tousu.member.remove', LIST);
  /** Says that it was done; whoever changed what they themselves may do sees that at once. */
  const done = (login: string, said: string) => {
    message.success(said);
    if (login === user.login) queryClient.invalidateQueries({ queryKey: SESSION_KEY });
  };
  const setRole = async (login: string, role: string) => {
    if (await set.change({ login, role })) done(login, t.saved);
  };
  const takeOut = async (login: string) => {
    if (await remove.change({ login })) done(login, t.removed);
  };
  if (members.error && !members.data) return <Failed error={members.error} retry={members.refetch} />;
  if (!members.data) return <Loading />;
  return (
    <div className={css.stack}>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
        {t.add}
      </Button>
      <Table<Member>
        className={`${css.full} ${cards}`}
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
          { ...titled(t.login), render: (_, member) => <span className={css.code}>{member.login}</span> },
          {
            ...titled(t.role),
            render: (_, member) => (
              <RoleSelect
                label={t.roleOf(member.name || member.login)}
                value={member.role}
                disabled={set.changing}
                onChange={(role) => setRole(member.login, role)}
              />
            ),
          },
          {
            ...titled(t.seen),
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
              <Popconfirm title={t.removeSure} onConfirm={() => takeOut(member.login)}>
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
          saving={set.changing}
          onCancel={() => setAdding(false)}
          onSave={async (member) => {
            const made = await set.change(member);
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
