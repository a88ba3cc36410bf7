// The way in: whoever is not signed in is sent to do so, and comes back to where they wanted to go.

import { Button } from 'antd';
import type { ReactNode } from 'react';
import { Navigate, useLocation } from 'react-router';
import { call, queryClient } from '~/api';
import { texts, useTexts } from '~/i18n';
import { Empty, Failed, Loading } from '~/parts';
import { SESSION_KEY, SessionProvider, useSessionQuery } from './session';

const words = texts({
  noShop: ['您还没有加入任何店铺', 'You belong to no shop yet'],
  noShopHint: ['请联系店铺管理员把您加为成员。', 'Ask a shop’s administrator to make you a member.'],
  out: ['退出登录', 'Sign out'],
});

export function SignedInOnly({ children }: { children: ReactNode }) {
  const t = useTexts(words);
  const location = useLocation();
  const { data: session, error, refetch } = useSessionQuery();
  if (session === undefined) {
    return error ? <Failed error={error} retry={() => refetch()} /> : <Loading />;
  }
  if (session === null) {
    const back = location.pathname + location.search;
    const to = back === '/' || back === '/queue' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(back)}`;
    return <Navigate to={to} replace />;
  }
  if (session.shops.length === 0) {
    const leave = () =>
      call('tousu.session.close', {}).finally(() => queryClient.setQueryData(SESSION_KEY, null));
    return (
      <Empty title={t.noShop} hint={t.noShopHint}>
        <Button onClick={leave}>{t.out}</Button>
      </Empty>
    );
  }
  return <SessionProvider session={session}>{children}</SessionProvider>;
}
