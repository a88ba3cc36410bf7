// Programs that may call the interfaces for the shop.

import { PlusOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Table, Tag } from 'antd';
import { useState } from 'react';
import { type Data, useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { useNow } from '~/live';
import { cards, Empty, Failed, Loading, titled } from '~/parts';
import { useSession } from '~/session';
import { dateTime, parse, relative } from '~/time';
import { AppForm, type AppValues } from './AppForm';
import { AppUsage } from './AppUsage';
import { SecretOnce } from './SecretOnce';
import css from './settings.module.css';
import { useChange } from './shop';

export type Application = Data<'tousu.app.list'>['list'][number];

const words = texts({
  add: ['新建应用', 'New application'],
  edit: ['编辑', 'Edit'],
  editOf: (name: string) => [`编辑应用“${name}”`, `Edit “${name}”`],
  name: ['名称', 'Name'],
  grants: ['权限集', 'Permission sets'],
  ips: ['允许的地址', 'Allowed addresses'],
  anywhere: ['不限', 'Any'],
  used: ['最近调用', 'Last used'],
  never: ['从未', 'Never'],
  calls: ['近 7 天调用', 'Calls, 7 days'],
  callsOf: (name: string, calls: number) => [
    `${calls.toLocaleString('en')} 次：“${name}”的调用量`,
    `${calls.toLocaleString('en')}: usage of “${name}”`,
  ],
  refused: (count: number) => [`被拒 ${count.toLocaleString('en')}`, `${count.toLocaleString('en')} refused`],
  disabled: ['已停用', 'Disabled'],
  legacy: ['旧式', 'Legacy'],
  more: (name: string) => [`“${name}”的更多操作`, `More about “${name}”`],
  moreText: ['更多', 'More'],
  usage: ['调用量', 'Usage'],
  rotate: ['更换密钥', 'Rotate the secret'],
  rotateSure: (name: string) => [`更换“${name}”的密钥？`, `Rotate the secret of “${name}”?`],
  rotateHint: [
    '旧密钥和它换来的 access_token 立即失效。',
    'The old secret and its access tokens end at once.',
  ],
  disable: ['停用', 'Disable'],
  disableSure: (name: string) => [`停用“${name}”？`, `Disable “${name}”?`],
  disableHint: [
    '它的 access_token 立即失效，可随时重新启用。',
    'Its access tokens end at once. You can enable it again.',
  ],
  enable: ['启用', 'Enable'],
  saved: ['已保存', 'Saved'],
  created: ['应用已建立', 'The application was made'],
  rotated: ['密钥已更换', 'The secret was rotated'],
  none: ['还没有应用', 'No applications yet'],
  noneHint: [
    '程序用应用的 client_id 和密钥获取 access_token，再调用接口。',
    'A program gets an access_token with an application’s client_id and secret.',
  ],
});

const LIST = 'tousu.app.list';

export default function Apps() {
  const t = useTexts(words);
  const { message, modal } = App.useApp();
  const { shop } = useSession();
  const apps = useCall(LIST, {});
  /** The application that is edited; null: a new one. */
  const [form, setForm] = useState<{ of: Application | null } | null>(null);
  const [usage, setUsage] = useState<Application | null>(null);
  const [told, setTold] = useState<{ title: string; client_id: string; secret: string } | null>(null);
  const create = useChange('tousu.app.create', LIST);
  const update = useChange('tousu.app.update', LIST);
  const rotate = useChange('tousu.app.rotate_secret', LIST);

  const askRotate = ({ client_id, name }: Application) =>
    modal.confirm({
      title: t.rotateSure(name),
      content: t.rotateHint,
      okText: t.rotate,
      onOk: async () => {
        const done = await rotate.change({ client_id });
        if (done) setTold({ title: t.rotated, client_id, secret: done.client_secret });
      },
    });
  const askDisable = ({ client_id, name }: Application) =>
    modal.confirm({
      title: t.disableSure(name),
      content: t.disableHint,
      okText: t.disable,
      okButtonProps: { danger: true },
      onOk: () => update.change({ client_id, disabled: 1 }),
    });
  const save = async (of: Application | null, values: AppValues) => {
    if (of) {
      if (!(await update.change({ client_id: of.client_id, ...values }))) return;
      message.success(t.saved);
    } else {
      const made = await create.change(values);
      if (!made) return;
      setTold({ title: t.created, client_id: made.app.client_id, secret: made.client_secret });
    }
    setForm(null);
  };

  if (apps.error && !apps.data) return <Failed error={apps.error} retry={apps.refetch} />;
  if (!apps.data) return <Loading />;
  return (
    <div className={css.stack}>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm({ of: null })}>
        {t.add}
      </Button>
      {apps.data.list.length === 0 ? (
        <Empty title={t.none} hint={t.noneHint} />
      ) : (
        <Table<Application>
          className={`${css.full} ${cards}`}
          size="middle"
          pagination={{ pageSize: 50, hideOnSinglePage: true }}
          scroll={{ x: 'max-content' }}
          rowKey="client_id"
          dataSource={apps.data.list}
          columns={[
            {
              title: t.name,
              render: (_, app) => (
                <>
                  <div>
                    {app.name} {app.disabled ? <Tag color="error">{t.disabled}</Tag> : null}
                    {app.legacy ? <Tag>{t.legacy}</Tag> : null}
                  </div>
                  <div className={`${css.code} ${css.soft}`}>{app.client_id}</div>
                </>
              ),
            },
            {
              ...titled(t.grants),
              render: (_, app) => (
                <span className={css.grants}>
                  {app.grants.map((grant) => (
                    <Tag key={grant}>{grant}</Tag>
                  ))}
                </span>
              ),
            },
            {
              ...titled(t.ips),
              render: (_, app) =>
                app.allow_ips.length === 0 ? (
                  <span className={css.soft}>{t.anywhere}</span>
                ) : (
                  app.allow_ips.map((ip) => (
                    <div key={ip} className={css.code}>
                      {ip}
                    </div>
                  ))
                ),
            },
            {
              ...titled(t.used),
              render: (_, app) => <Used at={app.last_used_at} />,
            },
            {
              ...titled(t.calls),
              align: 'right',
              className: css.numbers,
              render: (_, app) => (
                <div>
                  <Button
                    className={css.flush}
                    type="link"
                    size="small"
                    aria-label={t.callsOf(app.name, app.calls_7d)}
                    onClick={() => setUsage(app)}
                  >
                    {app.calls_7d.toLocaleString('en')}
                  </Button>
                  <div className={css.soft}>{t.refused(app.refused_7d)}</div>
                </div>
              ),
            },
            {
              key: 'actions',
              title: '',
              render: (_, app) => (
                <span className={css.actions}>
                  <Button
                    type="link"
                    size="small"
                    aria-label={t.editOf(app.name)}
                    onClick={() => setForm({ of: app })}
                  >
                    {t.edit}
                  </Button>
                  <Dropdown
                    trigger={['click']}
                    menu={{
                      items: [
                        { key: 'usage', label: t.usage, onClick: () => setUsage(app) },
                        { key: 'rotate', label: t.rotate, onClick: () => askRotate(app) },
                        app.disabled
                          ? {
                              key: 'enable',
                              label: t.enable,
                              onClick: () => update.change({ client_id: app.client_id, disabled: 0 }),
                            }
                          : {
                              key: 'disable',
                              label: t.disable,
                              danger: true,
                              onClick: () => askDisable(app),
                            },
                      ],
                    }}
                  >
                    <Button type="link" size="small" aria-label={t.more(app.name)}>
                      {t.moreText}
                    </Button>
                  </Dropdown>
                </span>
              ),
            },
          ]}
        />
      )}
      {form && (
        <AppForm
          app={form.of}
          title={form.of ? t.editOf(form.of.name) : t.add}
          saving={create.changing || update.changing}
          onCancel={() => setForm(null)}
          onSave={(values) => save(form.of, values)}
        />
      )}
      {usage && <AppUsage app={usage} onClose={() => setUsage(null)} />}
      {told && (
        <SecretOnce
          title={told.title}
          told={[
            ['app_id', shop.app_id],
            ['client_id', told.client_id],
            ['secret_key', told.secret],
          ]}
          onClose={() => setTold(null)}
        />
      )}
    </div>
  );
}

/** How long ago, with the moment behind it. */
function Used({ at }: { at: string | null | undefined }) {
  const t = useTexts(words);
  const language = useLanguage();
  const now = useNow();
  const moment = parse(at);
  if (moment === null) return <span className={css.soft}>{t.never}</span>;
  return <time title={dateTime(moment)}>{relative(moment, now, language)}</time>;
}
