// Acts on one complaint, each made on the version that one has seen, and each with one effect.

import { App } from 'antd';
import { useRef, useState } from 'react';
import { CODE, call, callKey, failureText, idempotencyKey, isCode, queryClient, type Standing } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { useSession } from '~/session';
import type { Open } from './use-complaint';

export type ActName =
  | 'reply'
  | 'consumer_reply'
  | 'check_failed'
  | 'close'
  | 'reopen'
  | 'note'
  | 'assign'
  | 'tag';

export interface ActParams {
  content?: string;
  images?: string[];
  finish?: number;
  by?: string;
  assignee?: string;
  add?: string[];
  remove?: string[];
}

const words = texts({
  collided: [
    '投诉单已被他人更改，操作没有执行。请先看看发生了什么。',
    'Somebody else changed the complaint, and nothing was done. Look at what happened first.',
  ],
});

export interface Acts {
  /** What is being done. */
  busy: ActName | null;
  /** Does it, after what was begun before, and tells whether it was done. What went wrong is said. */
  act: (name: ActName, params: ActParams) => Promise<boolean>;
}

export function useActs(id: string, open: Open): Acts {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const { shop } = useSession();
  const [busy, setBusy] = useState<ActName | null>(null);
  const now = useRef(open);
  now.current = open;
  const before = useRef<Promise<unknown>>(Promise.resolve());
  /** What one's own acts made of it, which is known before the page is drawn anew. */
  const own = useRef(0);

  const run = async (name: ActName, params: ActParams): Promise<boolean> => {
    setBusy(name);
    try {
      const standing: Standing = await call(
        `tousu.complaint.${name}`,
        {
          ...params,
          complaint_id: id,
          version: Math.max(now.current.seen, own.current),
          idempotency_key: idempotencyKey(),
        },
        { shop: shop.app_id },
      );
      own.current = standing.version;
      now.current.acted(standing);
      queryClient.invalidateQueries({ queryKey: callKey('tousu.queue.get') });
      return true;
    } catch (error) {
      const collided = isCode(error, CODE.changedMeanwhile);
      if (collided) message.warning(t.collided);
      else message.error(failureText(error, language));
      if (collided || isCode(error, CODE.notAllowed)) now.current.retry();
      return false;
    } finally {
      setBusy(null);
    }
  };

  const act = (name: ActName, params: ActParams) => {
    const done = before.current.then(() => run(name, params));
    before.current = done;
    return done;
  };
  return { busy, act };
}
