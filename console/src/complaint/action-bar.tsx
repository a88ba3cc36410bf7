// What can be done beside writing: whose it is, its tags, closing, taking it up again, and what the platform does.

import { MoreOutlined, UserAddOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { call, failureText, useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { UserTags } from '~/parts';
import { save } from '~/parts/save';
import { useSession } from '~/session';
import css from './action-bar.module.css';
import type { Allowed } from './actions';
import type { ActName, ActParams, Acts } from './use-acts';
import type { Whole } from './use-complaint';

const words = texts({
  assignee: ['处理人', 'Assignee'],
  nobody: ['未分派', 'Nobody'],
  mine: ['归我处理', 'Take it'],
  tags: ['标签', 'Tags'],
  noTags: ['无', 'None'],
  close: ['结单', 'Close'],
  reopen: ['重新打开', 'Reopen'],
  reopenFor: (side: string) => [`重新打开（${side}要求）`, `Reopen, as the ${side} asks`],
  consumer: ['消费者', 'consumer'],
  platform: ['平台', 'platform'],
  checkFailed: ['核验不通过', 'Check failed'],
  more: ['更多操作', 'More'],
  bundle: ['下载存证文件', 'Download evidence'],
  why: ['说明（可不填，记入处理记录）', 'Remark, if you like: kept in the history'],
  cancel: ['取消', 'Cancel'],
  closeHint: [
    '结单后处理时限停止。消费者在规定时间内可以要求重新打开。',
    'The deadline stops. The consumer may have it reopened for some time.',
  ],
  mayNotClose: [
    '店铺未开放商家自行结单：请在回复时勾选“回复后处理完成”，或由主管结单',
    'This shop does not let its own people close complaints: tick “This settles it” in a reply, or ask a supervisor',
  ],
});

interface Question {
  act: ActName;
  title: string;
  hint?: string;
  params: ActParams;
  danger: boolean;
}

export interface ActionBarProps {
  whole: Whole;
  may: Allowed;
  acts: Acts;
  closing: boolean;
  setClosing: (closing: boolean) => void;
}

export function ActionBar({ whole, may, acts, closing, setClosing }: ActionBarProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const { user } = useSession();
  const [asked, setAsked] = useState<Question | null>(null);
  const [remark, setRemark] = useState('');
  const { standing, info } = whole;
  const me = user.name || user.login;

  const closeQuestion: Question | null = may.close && {
    act: 'close',
    title: t.close,
    hint: t.closeHint,
    params: { by: may.close },
    danger: false,
  };
  const question = asked ?? (closing ? closeQuestion : null);
  const leave = () => {
    setAsked(null);
    setClosing(false);
    setRemark('');
  };
  const answer = async () => {
    if (!question) return;
    const content = remark.trim();
    if (await acts.act(question.act, { ...question.params, ...(content ? { content } : {}) })) leave();
  };
  const bundle = async () => {
    try {
      const { file_name, html } = await call('tousu.complaint.bundle', { complaint_id: info.complaint_id });
      save(new Blob([html], { type: 'text/html' }), file_name);
    } catch (error) {
      message.error(failureText(error, language));
    }
  };
  const reopenings = may.reopen.map((by) => ({
    key: `reopen-${by}`,
    label: may.reopen.length > 1 ? t.reopenFor(t[by]) : t.reopen,
    onClick: () => setAsked({ act: 'reopen', title: t.reopen, params: { by }, danger: false }),
  }));

  return (
    <div className={css.bar}>
      <div className={css.pair}>
        <span>{t.assignee}</span>
        {may.assign ? (
          <>
            <AssigneeSelect
              value={standing.assignee}
              choose={(assignee) => acts.act('assign', { assignee })}
            />
            {standing.assignee === '' ? (
              <Button
                icon={<UserAddOutlined />}
                loading={acts.busy === 'assign'}
                onClick={() => acts.act('assign', { assignee: me })}
              >
                {t.mine}
              </Button>
            ) : null}
          </>
        ) : (
          <strong>{standing.assignee || t.nobody}</strong>
        )}
      </div>
      <div className={css.pair}>
        <span>{t.tags}</span>
        {may.tag ? (
          <TagSelect value={standing.tags} change={(add, remove) => acts.act('tag', { add, remove })} />
        ) : standing.tags.length > 0 ? (
          <UserTags names={standing.tags} />
        ) : (
          t.noTags
        )}
      </div>
      <div className={css.buttons}>
        {standing.state === 2 ? (
          reopenings.length === 1 ? (
            <Button onClick={() => reopenings[0]?.onClick()}>{t.reopen}</Button>
          ) : reopenings.length > 1 ? (
            <Dropdown trigger={['click']} menu={{ items: reopenings }}>
              <Button>{t.reopen}</Button>
            </Dropdown>
          ) : null
        ) : may.note ? (
          <Button
            disabled={may.close === null}
            title={may.close === null ? t.mayNotClose : ''}
            onClick={() => setClosing(true)}
          >
            {t.close}
          </Button>
        ) : null}
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              ...(may.checkFailed
                ? [
                    {
                      key: 'check',
                      label: t.checkFailed,
                      danger: true,
                      onClick: () =>
                        setAsked({ act: 'check_failed', title: t.checkFailed, params: {}, danger: true }),
                    },
                  ]
                : []),
              { key: 'bundle', label: t.bundle, onClick: bundle },
            ],
          }}
        >
          <Button icon={<MoreOutlined />} aria-label={t.more} />
        </Dropdown>
      </div>
      <Modal
        open={question !== null}
        title={question?.title}
        okText={question?.title}
        cancelText={t.cancel}
        okButtonProps={{ danger: question?.danger ?? false, loading: acts.busy !== null }}
        onOk={answer}
        onCancel={leave}
        width={460}
        destroyOnHidden
      >
        {question?.hint ? <p>{question.hint}</p> : null}
        <label className={css.remark} htmlFor="remark">
          {t.why}
          <Input.TextArea
            id="remark"
            autoFocus
            autoSize={{ minRows: 2, maxRows: 6 }}
            maxLength={2000}
            value={remark}
            onChange={(event) => setRemark(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) answer();
            }}
          />
        </label>
      </Modal>
    </div>
  );
}

export interface AssigneeSelectProps {
  id?: string;
  value: string;
  choose: (assignee: string) => void;
}

/** Whose work it is: a member, or nobody. */
export function AssigneeSelect({ id, value, choose }: AssigneeSelectProps) {
  const t = useTexts(words);
  const { user } = useSession();
  const members = useCall('tousu.member.names', {}, { staleTime: 300_000 }).data?.list ?? [];
  const names = new Set([user.name || user.login, ...members.map(({ login, name }) => name || login)]);
  if (value) names.add(value);
  return (
    <Select
      id={id}
      className={css.assignee}
      aria-label={t.assignee}
      showSearch
      allowClear
      placeholder={t.nobody}
      value={value || null}
      popupMatchSelectWidth={false}
      onChange={(assignee) => choose(assignee ?? '')}
      options={[...names].map((name) => ({ value: name, label: name }))}
    />
  );
}

export interface TagSelectProps {
  id?: string;
  value: readonly string[];
  change: (add: string[], remove: string[]) => void;
}

/** Tags: those that the shop offers, and any other. */
export function TagSelect({ id, value, change }: TagSelectProps) {
  const t = useTexts(words);
  const offered = useCall('tousu.settings.get', {}, { staleTime: 60_000 }).data?.tags ?? [];
  return (
    <Select<string[]>
      id={id}
      className={css.tags}
      mode="tags"
      aria-label={t.tags}
      placeholder={t.tags}
      maxCount={20}
      value={[...value]}
      onChange={(tags) => {
        const named = tags.map((tag) => tag.trim().slice(0, 64)).filter(Boolean);
        const add = named.filter((tag) => !value.includes(tag));
        const remove = value.filter((tag) => !named.includes(tag));
        if (add.length + remove.length > 0) change(add, remove);
      }}
      options={[...new Set([...offered, ...value])].map((tag) => ({ value: tag, label: tag }))}
    />
  );
}
