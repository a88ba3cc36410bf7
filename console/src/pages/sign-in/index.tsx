// The way in: login and password, a one-time code where it is asked for, or the company's own sign-in.

import { LockOutlined, SafetyOutlined, UserOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Form, Input, type InputRef } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { CODE, call, failureText, isCode, queryClient, useAct } from '~/api';
import { type Said, setLanguage, texts, useLanguage, useTexts } from '~/i18n';
import { Loading, useTitle } from '~/parts';
import { keep, SESSION_KEY, useSessionQuery } from '~/session';
import { span } from '~/time';
import { destination, rememberDestination } from './destination';
import css from './sign-in.module.css';

const words = texts({
  title: ['登录', 'Sign in'],
  product: ['投诉处理台', 'Complaint desk'],
  lead: ['一个队列，不漏一单，不超一时。', 'One queue, nothing overdue.'],
  login: ['账号', 'Login'],
  password: ['密码', 'Password'],
  otp: ['动态口令', 'One-time code'],
  otpHint: ['打开验证器应用，输入 6 位数字', 'Open your authenticator and enter its 6 digits'],
  missing: ['请填写', 'Please fill this in'],
  digits: ['应为 6 位数字', 'Six digits are expected'],
  submit: ['登录', 'Sign in'],
  with: (name: string) => [`用 ${name} 登录`, `Sign in with ${name}`],
  or: ['或', 'or'],
  back: ['换一个账号', 'Use another login'],
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
    `尝试次数过多，请 ${much}后再试`,
    `Too many attempts. Try again in ${much}.`,
  ],
  throttled: ['尝试次数过多，请稍后再试', 'Too many attempts. Try again later.'],
  demo: [
    '演示环境：账号与密码在启动服务的终端里',
    'Demo: the terminal that started the server shows a login',
  ],
  otherLanguage: ['English', '中文'],
});

interface Fields {
  login: string;
  password: string;
  otp?: string;
}

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
  const [needsOtp, setNeedsOtp] = useState(false);
  const [form] = Form.useForm<Fields>();
  const otp = useRef<InputRef>(null);
  const session = useSessionQuery();
  const about = useQuery({
    queryKey: ['console'],
    queryFn: ({ signal }) => call('tousu.console.get', {}, { signal, shop: '' }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const open = useAct('tousu.session.open', {
    onSuccess: (session) => queryClient.setQueryData(SESSION_KEY, keep(session)),
    onError: (error) => {
      if (isCode(error, CODE.otpNeeded)) setNeedsOtp(true);
      if (isCode(error, CODE.otpWrong)) form.resetFields(['otp']);
    },
  });

  useEffect(() => {
    if (needsOtp) otp.current?.focus();
  }, [needsOtp]);

  if (session.data) return <Navigate to={destination(search.get('to'))} replace />;
  if (session.isPending) return <Loading />;

  const failed = open.error && !isCode(open.error, CODE.otpNeeded) ? open.error : null;
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
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          disabled={open.isPending}
          onFinish={({ login, password, otp }) =>
            open.mutate({ login: login.trim(), password, ...(needsOtp && otp ? { otp: otp.trim() } : {}) })
          }
        >
          <div hidden={needsOtp}>
            <Form.Item
              name="login"
              label={t.login}
              rules={[{ required: true, whitespace: true, message: t.missing }]}
            >
              <Input
                prefix={<UserOutlined />}
                autoComplete="username"
                autoFocus
                size="large"
                maxLength={128}
              />
            </Form.Item>
            <Form.Item name="password" label={t.password} rules={[{ required: true, message: t.missing }]}>
              <Input.Password
                prefix={<LockOutlined />}
                autoComplete="current-password"
                size="large"
                maxLength={256}
              />
            </Form.Item>
          </div>
          {needsOtp ? (
            <Form.Item
              name="otp"
              label={t.otp}
              extra={t.otpHint}
              rules={[{ required: true, pattern: /^\s*\d{6}\s*$/, message: t.digits }]}
            >
              <Input
                ref={otp}
                prefix={<SafetyOutlined />}
                autoComplete="one-time-code"
                inputMode="numeric"
                size="large"
                maxLength={8}
              />
            </Form.Item>
          ) : null}
          <Button type="primary" htmlType="submit" size="large" block loading={open.isPending}>
            {t.submit}
          </Button>
          {needsOtp ? (
            <Button
              type="link"
              block
              onClick={() => {
                setNeedsOtp(false);
                open.reset();
                form.resetFields();
              }}
            >
              {t.back}
            </Button>
          ) : null}
        </Form>
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
