// Where one answers: a reply with templates, a note for colleagues, or what the consumer said elsewhere.

import { SendOutlined } from '@ant-design/icons';
import { Alert, Button, Checkbox, Input, Segmented, Select } from 'antd';
import type { TextAreaRef } from 'antd/es/input/TextArea';
import { type KeyboardEvent, type Ref, useImperativeHandle, useRef, useState } from 'react';
import { type HistoryEntry, useCall } from '~/api';
import { texts, useTexts } from '~/i18n';
import { useSession } from '~/session';
import type { Allowed } from './actions';
import css from './composer.module.css';
import { draftKey, draftOf, keepDraft } from './drafts';
import { isShowable } from './pictures';
import { filled } from './templates';
import type { Acts } from './use-acts';
import type { Whole } from './use-complaint';

const words = texts({
  reply: ['回复消费者', 'Reply'],
  note: ['内部备注', 'Note'],
  consumer_reply: ['记录消费者回复', 'Consumer’s reply'],
  kind: ['写什么', 'What to write'],
  replyHint: ['消费者会看到这条回复', 'The consumer will see this'],
  noteHint: ['仅内部可见', 'Only colleagues see this'],
  consumerHint: ['消费者在电话或其他渠道说的话', 'What the consumer said by phone or elsewhere'],
  template: ['插入模板', 'Insert a template'],
  noTemplates: [
    '还没有模板，管理员可在设置里添加',
    'No templates yet: administrators add them in the settings',
  ],
  images: ['图片地址（https，最多 9 个）', 'Addresses of pictures (https, at most 9)'],
  finish: ['回复后处理完成', 'This settles it'],
  send: ['发送回复', 'Send reply'],
  save: ['保存', 'Save'],
  keys: ['Ctrl + Enter 发送', 'Ctrl + Enter sends'],
  changed: [
    '您写的内容还在。投诉单刚被他人更改，确认后再发送。',
    'Your text is still here. Somebody just changed the complaint: look, then send.',
  ],
  seen: ['看过了，继续', 'Seen, go on'],
});

export type Writing = 'reply' | 'note' | 'consumer_reply';

export interface ComposerHandle {
  begin: (writing: Writing) => void;
}

export interface ComposerProps {
  ref: Ref<ComposerHandle>;
  whole: Whole;
  may: Allowed;
  acts: Acts;
  unseen: readonly HistoryEntry[];
  acknowledge: () => void;
}

const MOST_CHARACTERS = 2000;
const MOST_IMAGES = 9;

export function Composer({ ref, whole, may, acts, unseen, acknowledge }: ComposerProps) {
  const t = useTexts(words);
  const id = whole.info.complaint_id;
  const { user, shop } = useSession();
  const kinds: Writing[] = [
    ...(may.reply ? (['reply'] as const) : []),
    'note',
    ...(may.consumerReply ? (['consumer_reply'] as const) : []),
  ];
  const [chosen, setChosen] = useState<Writing>('reply');
  const writing = kinds.includes(chosen) ? chosen : 'note';
  // Each has a draft of its own.
  const [drafts, setDrafts] = useState<Partial<Record<Writing, string>>>({});
  const key = draftKey(user.user_id, shop.app_id, id, writing);
  const text = drafts[writing] ?? draftOf(key);
  const [images, setImages] = useState<string[]>([]);
  const [finish, setFinish] = useState(false);
  const area = useRef<TextAreaRef>(null);

  const write = (next: string) => {
    setDrafts((before) => ({ ...before, [writing]: next }));
    keepDraft(key, next);
  };
  useImperativeHandle(ref, () => ({
    begin: (next) => {
      setChosen(next);
      area.current?.focus();
      area.current?.nativeElement?.scrollIntoView({ block: 'nearest' });
    },
  }));

  const addressed = images.every((address) => address.startsWith('https://') && isShowable(address));
  const ready = text.trim() !== '' && addressed && acts.busy === null;
  const send = async () => {
    if (!ready) return;
    const reply = writing === 'reply';
    const done = await acts.act(writing, {
      content: text.trim(),
      ...(writing !== 'note' && images.length > 0 ? { images } : {}),
      ...(reply && finish ? { finish: 1 } : {}),
    });
    if (!done) return;
    // Whoever went on writing meanwhile keeps that.
    if (draftOf(key) === text) write('');
    setImages([]);
    setFinish(false);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    }
    if (event.key === 'Escape') {
      event.stopPropagation();
      area.current?.blur();
    }
  };
  const hint = { reply: t.replyHint, note: t.noteHint, consumer_reply: t.consumerHint }[writing];

  return (
    <section className={css.composer} aria-label={t[writing]} data-writing={writing}>
      <div className={css.top}>
        <Segmented<Writing>
          aria-label={t.kind}
          size="small"
          value={writing}
          onChange={setChosen}
          options={kinds.map((value) => ({ value, label: t[value] }))}
        />
        {writing === 'reply' ? (
          <Templates
            whole={whole}
            insert={(template) => {
              write(text === '' ? template : `${text.trimEnd()}\n${template}`);
              area.current?.focus({ cursor: 'end' });
            }}
          />
        ) : null}
      </div>
      <Input.TextArea
        ref={area}
        aria-label={t[writing]}
        placeholder={hint}
        autoSize={{ minRows: 3, maxRows: 12 }}
        maxLength={MOST_CHARACTERS}
        showCount
        value={text}
        onChange={(event) => write(event.target.value)}
        onKeyDown={keys}
      />
      {writing === 'note' ? null : (
        <Select
          mode="tags"
          aria-label={t.images}
          placeholder={t.images}
          open={false}
          suffixIcon={null}
          tokenSeparators={[' ', '\n', ',', '，']}
          maxCount={MOST_IMAGES}
          value={images}
          status={addressed ? '' : 'error'}
          onChange={(addresses) => setImages(addresses.map((address) => address.trim()).filter(Boolean))}
        />
      )}
      {unseen.length > 0 && text !== '' ? (
        <Alert
          type="warning"
          showIcon
          title={t.changed}
          action={
            <Button size="small" onClick={acknowledge}>
              {t.seen}
            </Button>
          }
        />
      ) : null}
      <div className={css.bottom}>
        {writing === 'reply' ? (
          <Checkbox checked={finish} onChange={(event) => setFinish(event.target.checked)}>
            {t.finish}
          </Checkbox>
        ) : null}
        <span className={css.keys}>{t.keys}</span>
        <Button
          type="primary"
          icon={<SendOutlined />}
          disabled={!ready}
          loading={acts.busy === writing}
          onClick={send}
        >
          {writing === 'reply' ? t.send : t.save}
        </Button>
      </div>
    </section>
  );
}

function Templates({ whole, insert }: { whole: Whole; insert: (text: string) => void }) {
  const t = useTexts(words);
  const { shop } = useSession();
  const settings = useCall('tousu.settings.get', {}, { staleTime: 60_000 }).data;
  const templates = settings?.templates ?? [];
  const { info, standing } = whole;
  const values = {
    complaint_id: info.complaint_id,
    shop: shop.name,
    reason: info.complaint_reason,
    order: info.complaint_resource_id,
    deadline: standing.operate_end_time,
    assignee: standing.assignee,
  };
  return (
    <Select<string>
      aria-label={t.template}
      placeholder={t.template}
      size="small"
      showSearch={{ optionFilterProp: 'label' }}
      popupMatchSelectWidth={320}
      className={css.template}
      value={null}
      notFoundContent={t.noTemplates}
      onChange={(name) => {
        const template = templates.find((template) => template.name === name);
        if (template) insert(filled(template.text, values));
      }}
      options={templates.map(({ name, text }) => ({ value: name, label: name, title: filled(text, values) }))}
    />
  );
}
