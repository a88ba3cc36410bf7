// What can be done beside writing: whose it is, its tags, closing, taking it up again, and what the platform does.

import { MoreOutlined, UserAddOutlined } from '@ant-design/icons';
import { App, Button, Dropdown } from 'antd';
import { useState } from 'react';
import { call, failureText } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { UserTags, useKeys } from '~/parts';
import { save } from '~/parts/save';
import { useSession } from '~/session';
import css from './action-bar.module.css';
import type { Allowed } from './actions';
import { AskDialog, type Question } from './ask-dialog';
import { AssigneeSelect, TagSelect } from './pickers';
import type { Acts } from './use-acts';
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
  closeHint: [
    '结单后处理时限停止。消费者在规定时间内可以要求重新打开。',
    'The deadline stops. The consumer may have it reopened for some time.',
  ],
  mayNotClose: [
    '店铺未开放商家自行结单：处理完请在回复时勾选“回复后处理完成”，或由主管结单。',
    'This shop does not let its own people close complaints: tick “This settles it” in a reply, or ask a supervisor.',
  ],
});

export interface ActionBarProps {
  whole: Whole;
  may: Allowed;
  acts: Acts;
}

export function ActionBar({ whole, may, acts }: ActionBarProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const { user } = useSession();
  const [question, setQuestion] = useState<Question | null>(null);
  const { standing, info } = whole;
  const me = user.name || user.login;

  const askToClose = () => {
    if (!may.close) return;
    setQuestion({ act: 'close', title: t.close, hint: t.closeHint, params: { by: may.close } });
  };
  useKeys({ c: askToClose });
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
    onClick: () => setQuestion({ act: 'reopen', title: t.reopen, params: { by } }),
  }));
  const checkFailed = {
    key: 'check',
    label: t.checkFailed,
    danger: true,
    onClick: () => setQuestion({ act: 'check_failed', title: t.checkFailed, params: {}, danger: true }),
  };

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
        {may.close ? (
          <Button title={`${t.close} c`} onClick={askToClose}>
            {t.close}
          </Button>
        ) : null}
        {reopenings.length === 1 ? (
          <Button onClick={() => reopenings[0]?.onClick()}>{t.reopen}</Button>
        ) : reopenings.length > 1 ? (
          <Dropdown trigger={['click']} menu={{ items: reopenings }}>
            <Button>{t.reopen}</Button>
          </Dropdown>
        ) : null}
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              ...(may.checkFailed ? [checkFailed] : []),
              { key: 'bundle', label: t.bundle, onClick: bundle },
            ],
          }}
        >
          <Button icon={<MoreOutlined />} aria-label={t.more} />
        </Dropdown>
      </div>
      {may.closeElsewhere ? <p className={css.note}>{t.mayNotClose}</p> : null}
      <AskDialog
        question={question}
        busy={acts.busy !== null}
        answer={({ act, params }, remark) => acts.act(act, { ...params, ...(remark && { content: remark }) })}
        close={() => setQuestion(null)}
      />
    </div>
  );
}
