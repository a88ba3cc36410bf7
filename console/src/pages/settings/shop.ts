// The shop's settings, read and changed.

import { App } from 'antd';
import {
  callKey,
  type Data,
  failureText,
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
