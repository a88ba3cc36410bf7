// Who is signed in, and for which of their shops they work.

import { useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { CODE, call, caller, type Data, isCode, queryClient } from '~/api';

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
  signOut: () => Promise<void>;
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

/** Asks who is signed in: `null` is nobody. */
export function useSessionQuery() {
  return useQuery({
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
    refetchInterval: 300_000,
    refetchOnWindowFocus: true,
  });
}

/** Keeps what an answer says of the session, which later calls carry. */
export function keep(session: Session): Session {
  caller.csrf = session.csrf_token;
  return session;
}

function forget() {
  caller.csrf = '';
  caller.shop = '';
  queryClient.removeQueries({ queryKey: ['shop'] });
  queryClient.setQueryData(SESSION_KEY, null);
}

function remembered(): string | null {
  try {
    return localStorage.getItem(SHOP_KEY);
  } catch {
    return null;
  }
}

/** Provides the session to what is under it. The address's `shop`, if there is one, decides for which shop. */
export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  const [search, setSearch] = useSearchParams();
  const [chosen, setChosen] = useState(remembered);
  const asked = search.get('shop');
  const { shops } = session;
  const shop =
    shops.find((shop) => shop.app_id === asked) ?? shops.find((shop) => shop.app_id === chosen) ?? shops[0];

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
      setSearch(shops.length > 1 ? { shop: appId } : {});
    },
    [setSearch, shops.length],
  );

  const signOut = useCallback(async () => {
    // Whoever believes to be signed out must be: a failure is the caller's to tell.
    try {
      await call('tousu.session.close', {});
    } catch (error) {
      if (!isCode(error, CODE.notSignedIn)) throw error;
    }
    forget();
  }, []);

  useEffect(() => {
    caller.signedOut = forget;
    return () => {
      caller.signedOut = () => {};
    };
  }, []);

  // An address that is sent to a colleague says for which shop it is, if either has several.
  const appId = shop?.app_id;
  useEffect(() => {
    if (shops.length > 1 && appId && asked !== appId) {
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          after.set('shop', appId);
          return after;
        },
        { replace: true },
      );
    }
  }, [asked, appId, shops.length, setSearch]);

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
      signOut,
    };
  }, [session, shops, shop, chooseShop, signOut]);

  return <Context value={value}>{children}</Context>;
}
