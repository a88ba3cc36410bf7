// The shop's settings and lists, read and changed.

import { App } from 'antd';
import {
  callKey,
  type Data,
  failureText,
  type Interface,
  idempotencyKey,
  type Params,
  queryClient,
  useAct,
  useCall,
} from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { useSession } from '~/session';

const words = texts({ saved: ['已保存', 'Saved'] });

export type ShopSettings = Data<'tousu.settings.get'>;
type Change = Params<'tousu.settings.set'>;

export const useShopSettings = () => useCall('tousu.settings.get', {});

/** Whether who is signed in may change what the shop decides. */
export const useMayChange = (): boolean => useSession().can('应用管理');

/** Changes settings and says so. What is absent stays. */
export function useSave() {
  const { message } = App.useApp();
  const t = useTexts(words);
  const language = useLanguage();
  const act = useAct('tousu.settings.set', {
    onSuccess: ({ settings }, { dry_run }) => {
      if (dry_run === 1) return;
      queryClient.setQueryData(callKey('tousu.settings.get', {}), settings);
      message.success(t.saved);
    },
    onError: (error) => {
      message.error(failureText(error, language));
    },
  });
  return {
    saving: act.isPending,
    save: (change: Change) => act.mutateAsync({ ...change, idempotency_key: idempotencyKey() }),
  };
}

/** Changes one of the shop's lists: what goes wrong is said, and the list is asked for anew. */
export function useChange<N extends Interface>(name: N, list: Interface) {
  const { message } = App.useApp();
  const language = useLanguage();
  const act = useAct(name, {
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: callKey(list) });
    },
    onError: (error) => {
      message.error(failureText(error, language));
    },
  });
  return {
    changing: act.isPending,
    /** `null` if it was not done. */
    change: (params: Params<N>): Promise<Data<N> | null> => act.mutateAsync(params).catch(() => null),
  };
}
