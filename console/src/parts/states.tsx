// What is shown while there is nothing to show: nothing found, on its way, failed, offline.

import { Button, Skeleton } from 'antd';
import { Component, type ReactNode, useSyncExternalStore } from 'react';
import { CallFailed, failureText } from '~/api';
import { getLanguage, said, texts, useLanguage, useTexts } from '~/i18n';
import css from './states.module.css';

const words = texts({
  failed: ['没有取到内容', 'This could not be loaded'],
  again: ['重试', 'Try again'],
  request: (id: string) => [`请求编号 ${id}`, `Request ${id}`],
  loading: ['正在加载', 'Loading'],
  broken: ['页面出错了', 'This page broke'],
  brokenHint: [
    '已输入的内容可能没有保存。重新打开页面即可继续。',
    'What you typed may be lost. Open the page again to go on.',
  ],
  reopen: ['重新打开', 'Open again'],
  updated: ['控制台已更新，请重新打开页面', 'The console has been updated. Open the page again.'],
  unreachable: [
    '连不上服务，正在重试：显示的是之前的内容',
    'The server cannot be reached; still trying. What you see is from before.',
  ],
  offline: [
    '网络已断开：显示的是断开前的内容，恢复后自动更新',
    'You are offline. What you see is from before; it updates by itself.',
  ],
});

/** Nothing there, said in a way that tells what to do. */
export function Empty({
  title,
  hint,
  as: Title = 'p',
  children,
}: {
  title: ReactNode;
  /** The page's heading, where it is all that is on the page. */
  as?: 'p' | 'h1';
  hint?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className={css.state}>
      <svg className={css.picture} viewBox="0 0 64 48" aria-hidden="true">
        <rect x="8" y="6" width="48" height="36" rx="6" />
        <path d="M18 18h28M18 26h20M18 34h12" />
      </svg>
      <Title className={css.title}>{title}</Title>
      {hint ? <p className={css.hint}>{hint}</p> : null}
      {children ? <div className={css.actions}>{children}</div> : null}
    </div>
  );
}

/** On its way. The lines keep the place of what comes. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const t = useTexts(words);
  return (
    <div className={css.loading} role="status" aria-label={t.loading}>
      <Skeleton active title={false} paragraph={{ rows: lines }} />
    </div>
  );
}

/** It failed, with the reason and a way on. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useTexts(words);
  const language = useLanguage();
  const request = error instanceof CallFailed ? error.requestId : null;
  return (
    <div className={css.state} role="alert">
      <p className={css.title}>{t.failed}</p>
      <p className={css.hint}>{failureText(error, language)}</p>
      {request ? <p className={css.fine}>{t.request(request)}</p> : null}
      {retry ? (
        <div className={css.actions}>
          <Button onClick={retry}>{t.again}</Button>
        </div>
      ) : null}
    </div>
  );
}

function subscribeToNetwork(listener: () => void) {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

/** A line on top while the network is gone, or the server. */
export function OfflineBanner({ unreachable }: { unreachable: boolean }) {
  const t = useTexts(words);
  const online = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine);
  return (
    <div role="status">
      {online && !unreachable ? null : <p className={css.offline}>{online ? t.unreachable : t.offline}</p>}
    </div>
  );
}

interface BoundaryProps {
  children: ReactNode;
  /** Where one is: elsewhere it is tried anew. */
  at?: string;
}

/** Keeps one part's failure from taking the page with it. */
export class Boundary extends Component<BoundaryProps, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: BoundaryProps) {
    if (before.at !== this.props.at && this.state.error !== null) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    const t = said(words, getLanguage());
    // A part that was never loaded: the files of an older build are gone.
    const stale = /dynamically imported module|Importing a module script/i.test(String(this.state.error));
    return (
      <div className={css.state} role="alert">
        <p className={css.title}>{stale ? t.updated : t.broken}</p>
        {stale ? null : <p className={css.hint}>{t.brokenHint}</p>}
        <div className={css.actions}>
          <Button type="primary" onClick={() => location.reload()}>
            {t.reopen}
          </Button>
        </div>
      </div>
    );
  }
}
