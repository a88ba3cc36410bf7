// What surrounds every page: the bar on top, the ways on the left, which are a drawer on a phone.

import {
  ApiOutlined,
  BarChartOutlined,
  GlobalOutlined,
  ImportOutlined,
  InboxOutlined,
  MenuOutlined,
  SettingOutlined,
} from '@ant-design/icons';
import { Button } from 'antd';
import { lazy, type ReactNode, type RefObject, Suspense, useEffect, useRef, useState } from 'react';
import { NavLink, Outlet, useLocation, useNavigationType } from 'react-router';
import { CODE, isCode } from '~/api';
import { setLanguage, texts, useLanguage, useTexts } from '~/i18n';
import { useCounts, useHearing, useListening } from '~/live';
import { Boundary, Loading, OfflineBanner } from '~/parts';
import { Link, type PermissionSet, useSession, useShopAddress } from '~/session';
import css from './shell.module.css';
import { ShopSwitch } from './shop-switch';
import { ThemeSwitch } from './theme-switch';
import { UserMenu } from './user-menu';

const WaysDrawer = lazy(() => import('./ways-drawer'));

const words = texts({
  product: ['投诉处理台', 'Complaint desk'],
  skip: ['跳到内容', 'Skip to content'],
  menu: ['菜单', 'Menu'],
  ways: ['页面', 'Pages'],
  queue: ['投诉队列', 'Queue'],
  dashboard: ['数据看板', 'Dashboard'],
  import: ['导入', 'Import'],
  settings: ['设置', 'Settings'],
  docs: ['接口文档', 'API docs'],
  otherLanguage: ['English', '中文'],
  live: ['实时更新', 'Live'],
  asking: ['定时更新', 'Updated every few seconds'],
  offline: ['未连接', 'Not connected'],
  overdue: (n: number) => [`${n} 条已超时`, `${n} overdue`],
});

interface Way {
  to: string;
  icon: ReactNode;
  name: 'queue' | 'dashboard' | 'import' | 'settings';
  needs: PermissionSet;
}

const WAYS: readonly Way[] = [
  { to: '/queue', icon: <InboxOutlined />, name: 'queue', needs: '投诉管理-查询' },
  { to: '/dashboard', icon: <BarChartOutlined />, name: 'dashboard', needs: '投诉管理-查询' },
  { to: '/import', icon: <ImportOutlined />, name: 'import', needs: '投诉管理-处理' },
  { to: '/settings', icon: <SettingOutlined />, name: 'settings', needs: '投诉管理-查询' },
];

function Ways() {
  const t = useTexts(words);
  const { can } = useSession();
  const address = useShopAddress();
  const { data: counts, error } = useCounts();
  const overdue = counts?.overdue ?? 0;
  const heard = useHearing();
  const hearing = error ? 'offline' : heard;
  return (
    <nav className={css.ways} aria-label={t.ways}>
      <ul>
        {WAYS.filter((way) => can(way.needs)).map((way) => (
          <li key={way.to}>
            <NavLink to={address(way.to)} className={css.way}>
              {way.icon}
              <span className={css.wayName}>{t[way.name]}</span>
              {way.name === 'queue' && overdue > 0 ? (
                <span
                  className={css.badge}
                  role="img"
                  aria-label={t.overdue(overdue)}
                  title={t.overdue(overdue)}
                >
                  {overdue > 999 ? '999+' : overdue}
                </span>
              ) : null}
            </NavLink>
          </li>
        ))}
        <li>
          <a className={css.way} href="/docs">
            <ApiOutlined />
            <span className={css.wayName}>{t.docs}</span>
          </a>
        </li>
      </ul>
      <p className={css.hearing} data-hearing={hearing}>
        {t[hearing]}
      </p>
    </nav>
  );
}

/** One page of the settings to the next is no way to elsewhere: their list stays where it is. */
const placeOf = (path: string) => (path.startsWith('/settings/') ? '/settings' : path);

/** Whoever follows a link arrives at the top of the page, and so does the focus. Those who go back are the browser's. */
function useArrival(content: RefObject<HTMLElement | null>) {
  const { pathname } = useLocation();
  const by = useNavigationType();
  const place = placeOf(pathname);
  const last = useRef(place);
  useEffect(() => {
    if (last.current === place) return;
    last.current = place;
    if (by === 'POP') return;
    scrollTo({ top: 0 });
    content.current?.focus({ preventScroll: true });
  }, [place, by, content]);
}

export function Shell() {
  const t = useTexts(words);
  const language = useLanguage();
  const location = useLocation();
  const { shop } = useSession();
  const [open, setOpen] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const page = location.pathname.split('/')[1];
  const content = useRef<HTMLElement>(null);
  useListening();
  useArrival(content);
  const { error } = useCounts();

  // Who has chosen a page wants to see it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the page's path is what closes it
  useEffect(() => setOpen(false), [location.pathname]);

  return (
    <div className={css.shell}>
      <a className={css.skip} href="#content">
        {t.skip}
      </a>
      <header className={css.bar}>
        <Button
          className={css.menu}
          type="text"
          icon={<MenuOutlined />}
          aria-label={t.menu}
          aria-expanded={open}
          onClick={() => {
            setDrawer(true);
            setOpen(true);
          }}
        />
        <Link to="/queue" className={css.brand} aria-label={t.product}>
          <img src="/favicon.svg" alt="" width={24} height={24} />
          <span className={css.product}>{t.product}</span>
        </Link>
        <ShopSwitch />
        <div className={css.tools}>
          <Button
            type="text"
            icon={<GlobalOutlined />}
            onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
            aria-label={t.otherLanguage}
          >
            <span className={css.wide}>{t.otherLanguage}</span>
          </Button>
          <ThemeSwitch />
          <UserMenu />
        </div>
      </header>
      <div className={css.side}>
        <Ways />
      </div>
      <Suspense fallback={null}>
        {drawer ? (
          <WaysDrawer open={open} close={() => setOpen(false)} title={t.product}>
            <Ways />
          </WaysDrawer>
        ) : null}
      </Suspense>
      <main id="content" ref={content} className={css.content} tabIndex={-1}>
        <OfflineBanner unreachable={isCode(error, CODE.offline)} />
        <div className={css.page}>
          {/* Nothing of one shop's page goes over to another's. */}
          <Boundary key={`${shop.app_id} ${page}`} at={location.pathname}>
            <Suspense fallback={<Loading lines={8} />}>
              <Outlet />
            </Suspense>
          </Boundary>
        </div>
      </main>
    </div>
  );
}
