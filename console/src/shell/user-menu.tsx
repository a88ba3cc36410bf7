// Who is signed in, and the way out.

import { KeyOutlined, LogoutOutlined, UserOutlined } from '@ant-design/icons';
import { Button, Dropdown } from 'antd';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { failureText } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { signOut, useRoleNames, useSession } from '~/session';
import css from './user-menu.module.css';

const words = texts({
  account: ['账号与安全', 'Account and security'],
  out: ['退出登录', 'Sign out'],
  stillIn: (why: string) => [`没有退出：${why}`, `You are still signed in: ${why}`],
  menu: (name: string) => [`${name} 的账号菜单`, `Account menu of ${name}`],
});

export function UserMenu() {
  const t = useTexts(words);
  const navigate = useNavigate();
  const language = useLanguage();
  const { user, shop } = useSession();
  const [failed, setFailed] = useState<unknown>(null);
  const leave = () => {
    setFailed(null);
    signOut().catch(setFailed);
  };
  const name = user.name || user.login;
  const role = useRoleNames()(shop.role);
  return (
    <>
      <Dropdown
        trigger={['click']}
        placement="bottomRight"
        menu={{
          items: [
            { key: 'who', type: 'group', label: `${user.login} · ${role}` },
            { key: 'account', icon: <KeyOutlined />, label: t.account },
            { type: 'divider' },
            { key: 'out', icon: <LogoutOutlined />, label: t.out },
          ],
          onClick: ({ key }) => {
            if (key === 'account') navigate('/settings/account');
            if (key === 'out') leave();
          },
        }}
      >
        <Button type="text" icon={<UserOutlined />} aria-label={t.menu(name)} aria-haspopup="menu">
          <span className={css.name}>{name}</span>
        </Button>
      </Dropdown>
      {failed === null ? null : (
        <p className={css.failed} role="alert">
          {t.stillIn(failureText(failed, language))}
        </p>
      )}
    </>
  );
}
