// Ways within the console. Whoever works for several shops finds in each address which of them it is for, so that it
// means the same in another window, and to a colleague.

import { useCallback } from 'react';
import { type LinkProps, Link as RouterLink } from 'react-router';
import { useSession } from './session';

/** An address of this shop's. */
export function withShop(to: string, shop: string): string {
  const [path = '', query] = to.split('?');
  const search = new URLSearchParams(query);
  search.set('shop', shop);
  return `${path}?${search}`;
}

/** Makes an address one for the shop that is worked for, where that needs to be said. */
export function useShopAddress(): (to: string) => string {
  const { shop, shops } = useSession();
  const several = shops.length > 1;
  return useCallback((to) => (several ? withShop(to, shop.app_id) : to), [several, shop.app_id]);
}

export function Link({ to, ...rest }: Omit<LinkProps, 'to'> & { to: string }) {
  return <RouterLink to={useShopAddress()(to)} {...rest} />;
}
