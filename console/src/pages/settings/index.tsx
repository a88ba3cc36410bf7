// What a shop decides, who works for it and which programs may; and one's own account.

import { lazy, Suspense, useEffect, useRef } from 'react';
import { Navigate, NavLink, Route, Routes, useLocation } from 'react-router';
import { texts, useTexts } from '~/i18n';
import { Boundary, Empty, Loading, PageHeader } from '~/parts';
import { Messages } from '~/parts/messages';
import { useSession, useShopAddress } from '~/session';
import css from './settings.module.css';

const words = texts({
  title: ['设置', 'Settings'],
  sections: ['设置分类', 'Sections'],
  deadlines: ['处理期限', 'Deadlines'],
  handling: ['提醒与结单', 'Reminders and closing'],
  templates: ['回复模板', 'Reply templates'],
  tags: ['标签', 'Tags'],
  members: ['成员', 'Members'],
  apps: ['应用', 'Applications'],
  notices: ['通知', 'Notices'],
  mirror: ['官方数据同步', 'Mirror'],
  account: ['我的账号', 'My account'],
  forbidden: ['这里由管理员设置', 'Administrators look after this'],
  forbiddenHint: [
    '您在本店的角色没有“应用管理”权限。',
    'Your role in this shop lacks the permission set 应用管理.',
  ],
  readOnly: ['您可以查看，更改由管理员进行。', 'You can look; administrators make changes.'],
});

/** Each part of the settings; those that are for administrators say so. */
const SECTIONS = [
  { path: 'deadlines', Part: lazy(() => import('./Deadlines')) },
  { path: 'handling', Part: lazy(() => import('./Handling')) },
  { path: 'templates', Part: lazy(() => import('./Templates')) },
  { path: 'tags', Part: lazy(() => import('./Tags')) },
  { path: 'members', Part: lazy(() => import('./Members')), closed: true },
  { path: 'apps', Part: lazy(() => import('./Apps')), closed: true },
  { path: 'notices', Part: lazy(() => import('./Notices')), closed: true },
  { path: 'mirror', Part: lazy(() => import('./Mirror')) },
  { path: 'account', Part: lazy(() => import('./Account')), own: true },
] as const;

export default function Settings() {
  const t = useTexts(words);
  const { can } = useSession();
  const address = useShopAddress();
  const administrator = can('应用管理');
  const { pathname } = useLocation();
  const sections = useRef<HTMLElement>(null);
  // On a phone the row of them scrolls: where one is, is to be seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path says which is current
  useEffect(() => {
    sections.current
      ?.querySelector('[aria-current="page"]')
      ?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [pathname]);
  const shown = SECTIONS.filter((section) => administrator || !('closed' in section));
  return (
    <Messages>
      <div className={css.settings}>
        <nav ref={sections} className={css.nav} aria-label={t.sections}>
          {shown.map(({ path }) => (
            <NavLink
              key={path}
              to={address(`/settings/${path}`)}
              className={({ isActive }) => (isActive ? css.active : undefined)}
            >
              {t[path]}
            </NavLink>
          ))}
        </nav>
        <div className={css.part}>
          <Routes>
            <Route index element={<Navigate to={administrator ? 'deadlines' : 'account'} replace />} />
            {SECTIONS.map((section) => (
              <Route
                key={section.path}
                path={section.path}
                element={
                  <>
                    <PageHeader
                      title={t[section.path]}
                      note={administrator || 'own' in section || 'closed' in section ? undefined : t.readOnly}
                    />
                    {'closed' in section && !administrator ? (
                      <Empty title={t.forbidden} hint={t.forbiddenHint} />
                    ) : (
                      <Boundary key={section.path}>
                        <Suspense fallback={<Loading />}>
                          <section.Part />
                        </Suspense>
                      </Boundary>
                    )}
                  </>
                }
              />
            ))}
            <Route path="*" element={<Navigate to="/settings" replace />} />
          </Routes>
        </div>
      </div>
    </Messages>
  );
}
