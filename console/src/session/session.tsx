// Who is signed in, and for which of their shops they work.

import { queryOptions, useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { CODE, call, caller, type Data, isCode, queryClient } from '~/api';
import { useAddress } from '~/parts/address';

type Session = Data<'tousu.session.get'>;
export type Shop = Session['shops'][number];

/** What a role may do, by the gateway's permission sets. */
export type PermissionSet =
  | '投诉管理-查询'
  | '投诉管理-处理'
  | '投诉管理-敏感信息'
  | '投诉管理-平台'
  | '应用管理';

interface SignedIn {
  user: Session['user'];
  shops: Shop[];
  /** The shop that is worked for. */
  shop: Shop;
  totpEnabled: boolean;
  can: (set: PermissionSet) => boolean;
  /** Agents may, too: they call who complains. */
  canReveal: boolean;
  chooseShop: (appId: string) => void;
}

const SHOP_KEY = 'tousu.shop';
export const SESSION_KEY = ['session'];

const Context = createContext<SignedIn | null>(null);

/** Who is signed in. Only under [`SignedInOnly`]. */
export function useSession(): SignedIn {
  const session = use(Context);
  if (!session) throw new Error('nobody is signed in here');
  return session;
}

/** Who is signed in: `null` is nobody. */
const sessionNow = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return keep(await call('tousu.session.get', {}, { signal, shop: '' }));
    } catch (error) {
      if (isCode(error, CODE.notSignedIn, CODE.noToken, CODE.tokenExpired)) return null;
      throw error;
    }
  },
  // Roles may be changed by others; the server decides at each call, this is what is shown.
  staleTime: 60_000,
});

/** Begins to ask, before anything is drawn. */
export const askForSession = () => queryClient.prefetchQuery(sessionNow);

export const useSessionQuery = () =>
  useQuery({ ...sessionNow, refetchInterval: 300_000, refetchOnWindowFocus: true });

let known: string | null = null;

/** Keeps what an answer says of the session, which later calls carry. */
export function keep(session: Session): Session {
  const { user_id } = session.user;
  // Somebody else has signed in, here or in another window: what was shown to one is not shown to the other.
  if (known !== null && known !== user_id) queryClient.removeQueries({ queryKey: ['shop'] });
  known = user_id;
  caller.csrf = session.csrf_token;
  return session;
}

function forget() {
  known = null;
  caller.csrf = '';
  caller.shop = '';
  queryClient.removeQueries({ queryKey: ['shop'] });
  queryClient.setQueryData(SESSION_KEY, null);
}

/** Ends the session. Whoever believes to be signed out must be: a failure is the caller's to tell. */
export async function signOut() {
  try {
    await call('tousu.session.close', {});
  } catch (error) {
    if (!isCode(error, CODE.notSignedIn)) throw error;
  }
  forget();
}

/** Asks anew who it is, and then for all that was refused meanwhile. */
async function askAnew() {
  await queryClient.invalidateQueries({ queryKey: SESSION_KEY });
  await queryClient.invalidateQueries({ queryKey: ['shop'] });
}

function remembered(): string | null {
  try {
    return localStorage.getItem(SHOP_KEY);
  } catch {
    return null;
  }
}

/** Pages of one complaint, which no other shop has. */
const OF_ONE_SHOP = /^\/complaints\//;

/** Provides the session to what is under it. The address's `shop`, if there is one, decides for which shop. */
export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  const [search, setSearch] = useAddress();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState(remembered);
  const asked = search.get('shop');
  const { shops } = session;
  const named = shops.find((shop) => shop.app_id === asked);
  const shop = named ?? shops.find((shop) => shop.app_id === chosen) ?? shops[0];

  // The ways that lead on from there do not lead back to another shop.
  if (named && named.app_id !== chosen) setChosen(named.app_id);

  // Set while drawing, since what is under here asks while it is drawn.
  caller.shop = shop?.app_id ?? '';

  const chooseShop = useCallback(
    (appId: string) => {
      setChosen(appId);
      try {
        localStorage.setItem(SHOP_KEY, appId);
      } catch {
        // It holds until the page is left.
      }
      // Filters of one shop mean little in another.
      navigate({
        pathname: OF_ONE_SHOP.test(pathname) ? '/queue' : pathname,
        search: `?${new URLSearchParams({ shop: appId })}`,
      });
    },
    [navigate, pathname],
  );

  useEffect(() => {
    caller.signedOut = forget;
    caller.replaced = askAnew;
    return () => {
      caller.signedOut = () => {};
      caller.replaced = () => {};
    };
  }, []);

  // An address that is sent to a colleague says for which shop it is, if either has several.
  const appId = shop?.app_id;
  const several = shops.length > 1;
  useEffect(() => {
    if (!several || !appId || asked === appId) return;
    setSearch(
      (now) => {
        now.set('shop', appId);
        return now;
      },
      { replace: true },
    );
  }, [asked, appId, several, setSearch]);

  const value = useMemo(() => {
    if (!shop) return null;
    const may = new Set(shop.permission_sets);
    return {
      user: session.user,
      shops,
      shop,
      totpEnabled: session.totp_enabled,
      can: (set: PermissionSet) => may.has(set),
      canReveal: may.has('投诉管理-敏感信息') || may.has('投诉管理-处理'),
      chooseShop,
    };
  }, [session, shops, shop, chooseShop]);

  return <Context value={value}>{children}</Context>;
}
