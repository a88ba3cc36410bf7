// The way in: whoever is not signed in is sent to do so, and comes back to where they wanted to go.

import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { Navigate, useLocation } from 'react-router';
import { failureText } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { Empty, Failed, Loading, useTitle } from '~/parts';
import { SessionProvider, signOut, useSessionQuery } from './session';

const words = texts({
  noShop: ['您还没有加入任何店铺', 'You belong to no shop yet'],
  noShopHint: ['请联系店铺管理员把您加为成员。', 'Ask a shop’s administrator to make you a member.'],
  out: ['退出登录', 'Sign out'],
});

export function SignedInOnly({ children }: { children: ReactNode }) {
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
  if (session.shops.length === 0) return <NoShop />;
  return (
    // Nothing of one person's goes over to another's.
    <SessionProvider key={session.user.user_id} session={session}>
      {children}
    </SessionProvider>
  );
}

function NoShop() {
  const t = useTexts(words);
  const language = useLanguage();
  const [failed, setFailed] = useState<unknown>(null);
  useTitle(t.noShop);
  return (
    <main>
      <Empty as="h1" title={t.noShop} hint={t.noShopHint}>
        <Button onClick={() => signOut().catch(setFailed)}>{t.out}</Button>
        {failed === null ? null : <p role="alert">{failureText(failed, language)}</p>}
      </Empty>
    </main>
  );
}
