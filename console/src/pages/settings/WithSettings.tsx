import type { ReactNode } from 'react';
import { Failed, Loading } from '~/parts';
import { type ShopSettings, useShopSettings } from './shop';

/** What is shown of the shop's settings, as soon as they are there. */
export function WithSettings({ children }: { children: (settings: ShopSettings) => ReactNode }) {
  const { data, error, refetch } = useShopSettings();
  if (data) return children(data);
  return error ? <Failed error={error} retry={refetch} /> : <Loading />;
}
