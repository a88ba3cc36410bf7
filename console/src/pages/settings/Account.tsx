// One's own password and one-time codes.

import { App, Button, Form, Input, QRCode, Tag, Typography } from 'antd';
import { type ReactNode, useState } from 'react';
import { CODE, type Data, failureText, isCode, queryClient, useAct } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { SESSION_KEY, useRoleNames, useSession } from '~/session';
import { FormDialog } from './FormDialog';
import css from './settings.module.css';

const words = texts({
  signedInAs: ['登录名', 'Login'],
  known: (name: string, login: string) => [`${name}（${login}）`, `${name} (${login})`],
  role: ['在本店的角色', 'Role in this shop'],

  password: ['更改密码', 'Change the password'],
  old: ['现在的密码', 'Current password'],
  wrongOld: ['现在的密码不正确', 'The current password is wrong'],
  new: ['新密码', 'New password'],
  newHint: ['至少 10 个字符。', 'At least 10 characters.'],
  again: ['再输一遍', 'Once more'],
  differ: ['两次输入不同', 'The two differ'],
  change: ['更改', 'Change'],
  changed: ['密码已更改', 'The password was changed'],

  codes: ['动态口令', 'One-time codes'],
  codesHint: [
    '登录时除密码外还要输入手机验证器上的 6 位数字。',
    'Signing in also asks for six digits from an authenticator on your phone.',
  ],
  on: ['已启用', 'On'],
  off: ['未启用', 'Off'],
  begin: ['启用', 'Turn on'],
  remove: ['停用', 'Turn off'],
  scan: [
    '用验证器扫描，或手工输入密钥，然后填上它显示的 6 位数字。',
    'Scan it with your authenticator or type in the key, then enter the six digits it shows.',
  ],
  key: ['密钥', 'Key'],
  code: ['6 位数字', 'Six digits'],
  codeBad: ['应为 6 位数字', 'Six digits'],
  confirm: ['确认', 'Confirm'],
  turnedOn: ['动态口令已启用', 'One-time codes are on'],
  turnedOff: ['动态口令已停用', 'One-time codes are off'],
  removeHint: [
    '填上验证器现在显示的 6 位数字即可停用。',
    'Enter the six digits that your authenticator shows now to turn it off.',
  ],
});

export default function Account() {
  const t = useTexts(words);
  const { user, shop } = useSession();
  const role = useRoleNames()(shop.role);
  return (
    <div className={css.stack}>
      <dl className={css.facts}>
        <dt>{t.signedInAs}</dt>
        <dd>{user.name && user.name !== user.login ? t.known(user.name, user.login) : user.login}</dd>
        <dt>{t.role}</dt>
        <dd>{role}</dd>
      </dl>
      <PasswordForm />
      <Codes />
    </div>
  );
}

interface Passwords {
  old: string;
  new: string;
  again: string;
}

function PasswordForm() {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Passwords>();
  const change = useAct('tousu.session.set_password', {
    onSuccess: () => {
      form.resetFields();
      message.success(t.changed);
    },
    onError: (error) => {
      if (isCode(error, CODE.wrongLogin)) form.setFields([{ name: 'old', errors: [t.wrongOld] }]);
      else message.error(failureText(error, language));
    },
  });
  return (
    <section className={css.form} aria-labelledby="password-title">
      <h2 id="password-title" className={css.heading}>
        {t.password}
      </h2>
      <Form<Passwords>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => change.mutate({ old: values.old, new: values.new })}
      >
        <Form.Item name="old" label={t.old} rules={[{ required: true }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item name="new" label={t.new} extra={t.newHint} rules={[{ required: true, min: 10, max: 256 }]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t.again}
          dependencies={['new']}
          rules={[
            { required: true },
            ({ getFieldValue }) => ({
              validator: (_, again: string) =>
                !again || again === getFieldValue('new')
                  ? Promise.resolve()
                  : Promise.reject(new Error(t.differ)),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t.change}
        </Button>
      </Form>
    </section>
  );
}

function Codes() {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const { totpEnabled } = useSession();
  const [begun, setBegun] = useState<Data<'tousu.session.totp'> | null>(null);
  const [removing, setRemoving] = useState(false);
  const act = useAct('tousu.session.totp', {
    onError: (error) => {
      message.error(failureText(error, language));
    },
  });
  const ended = (said: string) => {
    setBegun(null);
    setRemoving(false);
    queryClient.invalidateQueries({ queryKey: SESSION_KEY });
    message.success(said);
  };
  return (
    <section className={css.form} aria-labelledby="codes-title">
      <h2 id="codes-title" className={css.heading}>
        {t.codes} <Tag color={totpEnabled ? 'success' : 'default'}>{totpEnabled ? t.on : t.off}</Tag>
      </h2>
      <p className={css.lead}>{t.codesHint}</p>
      {totpEnabled ? (
        <Button onClick={() => setRemoving(true)}>{t.remove}</Button>
      ) : (
        <Button
          loading={act.isPending && !begun}
          onClick={() => act.mutate({ action: 'begin' }, { onSuccess: setBegun })}
        >
          {t.begin}
        </Button>
      )}
      {begun && (
        <CodeForm
          title={t.begin}
          busy={act.isPending}
          onCancel={() => setBegun(null)}
          onCode={(code) => act.mutate({ action: 'confirm', code }, { onSuccess: () => ended(t.turnedOn) })}
        >
          <p>{t.scan}</p>
          {begun.otpauth_uri && (
            // Dark on light, whatever the theme: that is what cameras expect.
            <QRCode value={begun.otpauth_uri} type="svg" size={176} color="#000" bgColor="#fff" />
          )}
          {begun.secret && (
            <div className={css.full}>
              <div className={css.soft}>{t.key}</div>
              <Typography.Paragraph className={css.secret} copyable>
                {begun.secret}
              </Typography.Paragraph>
            </div>
          )}
        </CodeForm>
      )}
      {removing && (
        <CodeForm
          title={t.remove}
          busy={act.isPending}
          onCancel={() => setRemoving(false)}
          onCode={(code) => act.mutate({ action: 'remove', code }, { onSuccess: () => ended(t.turnedOff) })}
        >
          <p>{t.removeHint}</p>
        </CodeForm>
      )}
    </section>
  );
}

interface CodeProps {
  title: string;
  busy: boolean;
  onCancel: () => void;
  onCode: (code: string) => void;
  children: ReactNode;
}

/** Asks for the six digits that an authenticator shows. */
function CodeForm({ title, busy, onCancel, onCode, children }: CodeProps) {
  const t = useTexts(words);
  return (
    <FormDialog<{ code: string }>
      title={title}
      okText={t.confirm}
      saving={busy}
      first="code"
      onCancel={onCancel}
      onSave={({ code }) => onCode(code)}
    >
      {children}
      <Form.Item
        name="code"
        label={t.code}
        rules={[{ required: true, pattern: /^\d{6}$/, message: t.codeBad }]}
      >
        <Input inputMode="numeric" autoComplete="one-time-code" maxLength={6} style={{ width: 140 }} />
      </Form.Item>
    </FormDialog>
  );
}
