// Login and password, and a one-time code where it is asked for.

import { LockOutlined, SafetyOutlined, UserOutlined } from '@ant-design/icons';
import { Button, Form, Input, type InputRef } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { CODE, isCode, queryClient, useAct } from '~/api';
import { texts, useTexts } from '~/i18n';
import { keep, SESSION_KEY } from '~/session';

const words = texts({
  login: ['账号', 'Login'],
  password: ['密码', 'Password'],
  otp: ['动态口令', 'One-time code'],
  otpHint: ['打开验证器应用，输入 6 位数字', 'Open your authenticator and enter its 6 digits'],
  missing: ['请填写', 'Please fill this in'],
  digits: ['应为 6 位数字', 'Six digits are expected'],
  submit: ['登录', 'Sign in'],
  back: ['换一个账号', 'Use another login'],
});

interface Fields {
  login: string;
  password: string;
  otp?: string;
}

export interface SignInFormProps {
  /** Told what was wrong at the last try; `null` when there is nothing to say. */
  onProblem: (problem: Error | null) => void;
  /** Told whether a one-time code is asked for. */
  onOtp: (needed: boolean) => void;
}

export function SignInForm({ onProblem, onOtp }: SignInFormProps) {
  const t = useTexts(words);
  const [needsOtp, setNeedsOtp] = useState(false);
  const [form] = Form.useForm<Fields>();
  const password = useRef<InputRef>(null);
  const otp = useRef<InputRef>(null);
  const needOtp = (needed: boolean) => {
    setNeedsOtp(needed);
    onOtp(needed);
    onProblem(null);
  };
  const open = useAct('tousu.session.open', {
    onSuccess: (session) => queryClient.setQueryData(SESSION_KEY, keep(session)),
    onError: (error) => {
      if (isCode(error, CODE.otpNeeded)) {
        needOtp(true);
        return;
      }
      onProblem(error);
      // Whoever mistyped goes on where they are: nothing is disabled or drawn anew under their hands.
      if (isCode(error, CODE.otpWrong)) {
        form.setFieldValue('otp', '');
        otp.current?.focus();
      } else if (!needsOtp) {
        password.current?.focus({ cursor: 'all' });
      }
    },
  });

  useEffect(() => {
    if (needsOtp) otp.current?.focus();
  }, [needsOtp]);

  const send = ({ login, password, otp }: Fields) => {
    if (open.isPending) return;
    // What is wrong with this try is told anew, though it were the same.
    onProblem(null);
    open.mutate({ login: login.trim(), password, ...(needsOtp && otp ? { otp: otp.trim() } : {}) });
  };
  return (
    <Form<Fields> form={form} layout="vertical" requiredMark={false} onFinish={send}>
      <div hidden={needsOtp}>
        <Form.Item
          name="login"
          label={t.login}
          rules={[{ required: true, whitespace: true, message: t.missing }]}
        >
          <Input prefix={<UserOutlined />} autoComplete="username" autoFocus size="large" maxLength={128} />
        </Form.Item>
        <Form.Item name="password" label={t.password} rules={[{ required: true, message: t.missing }]}>
          <Input.Password
            ref={password}
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
          validateTrigger="onSubmit"
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
            form.resetFields();
            needOtp(false);
          }}
        >
          {t.back}
        </Button>
      ) : null}
    </Form>
  );
}
