// The way in: by a login, or by the company's own sign-in.

import { useQuery } from '@tanstack/react-query';
import { Alert, Button } from 'antd';
import { useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { CODE, call, failureText, isCode } from '~/api';
import { type Said, setLanguage, texts, useLanguage, useTexts } from '~/i18n';
import { Loading, useTitle } from '~/parts';
import { useSessionQuery } from '~/session';
import { span } from '~/time';
import { destination, rememberDestination } from './destination';
import { SignInForm } from './form';
import css from './sign-in.module.css';

const words = texts({
  title: ['登录', 'Sign in'],
  product: ['投诉处理台', 'Complaint desk'],
  lead: ['一个队列，不漏一单，不超一时。', 'One queue, nothing overdue.'],
  with: (name: string) => [`用 ${name} 登录`, `Sign in with ${name}`],
  or: ['或', 'or'],
  oidc_failed: [
    '没有登录成功，请重试或联系管理员',
    'That sign-in did not succeed. Try again, or ask an administrator.',
  ],
  oidc_denied: ['登录已被取消', 'The sign-in was given up.'],
  oidc_unknown: [
    '没有您的账号，请联系管理员添加',
    'You have no account here: ask an administrator to add you.',
  ],
  oidc_disabled: ['您的账号已停用，请联系管理员', 'Your account is disabled: ask an administrator.'],
  throttledFor: (much: string) => [
    `尝试次数过多，请在 ${much}后再试`,
    `Too many attempts. Try again in ${much}.`,
  ],
  throttled: ['尝试次数过多，请稍后再试', 'Too many attempts. Try again later.'],
  demo: [
    '演示环境：账号与密码在启动服务的终端里',
    'Demo: the terminal that started the server shows a login',
  ],
  otherLanguage: ['English', '中文'],
});

/** Why the company's own sign-in sent one back. */
function oidcProblem(name: string | null, t: Said<typeof words>): string | null {
  switch (name) {
    case null:
      return null;
    case 'oidc_denied':
    case 'oidc_unknown':
    case 'oidc_disabled':
      return t[name];
    case 'oidc_busy':
      return t.throttled;
    default:
      return t.oidc_failed;
  }
}

export default function SignIn() {
  const t = useTexts(words);
  const language = useLanguage();
  useTitle(t.title);
  const [search] = useSearchParams();
  const [failed, setFailed] = useState<Error | null>(null);
  const [needsOtp, setNeedsOtp] = useState(false);
  const session = useSessionQuery();
  const about = useQuery({
    queryKey: ['console'],
    queryFn: ({ signal }) => call('tousu.console.get', {}, { signal, shop: '' }),
    staleTime: Number.POSITIVE_INFINITY,
  });

  if (session.data) return <Navigate to={destination(search.get('to'))} replace />;
  if (session.isPending) return <Loading />;

  const own = isCode(failed, CODE.limitReached)
    ? failed.retryAfter
      ? t.throttledFor(span(failed.retryAfter, language))
      : t.throttled
    : failed && failureText(failed, language);
  const problem = own ?? oidcProblem(search.get('error'), t);
  return (
    <main className={css.page}>
      <div className={css.card}>
        <img src="/favicon.svg" alt="" width={40} height={40} />
        <h1>{t.product}</h1>
        <p className={css.lead}>{t.lead}</p>
        {problem ? <Alert className={css.problem} type="error" showIcon title={problem} /> : null}
        <SignInForm onProblem={setFailed} onOtp={setNeedsOtp} />
        {about.data?.oidc && !needsOtp ? (
          <>
            <p className={css.or}>{t.or}</p>
            <Button
              size="large"
              block
              href="/oidc/start"
              onClick={() => rememberDestination(destination(search.get('to')))}
            >
              {t.with(about.data.oidc.name)}
            </Button>
          </>
        ) : null}
        {about.data?.demo ? <p className={css.demo}>{t.demo}</p> : null}
        <Button
          className={css.language}
          type="link"
          onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
        >
          {t.otherLanguage}
        </Button>
      </div>
    </main>
  );
}
