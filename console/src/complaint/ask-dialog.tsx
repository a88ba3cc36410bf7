// Asks before something is done that is not taken back so easily, and for a remark to go with it.

import { Input, Modal } from 'antd';
import { type ReactNode, useRef, useState } from 'react';
import { texts, useTexts } from '~/i18n';
import css from './ask-dialog.module.css';
import type { ActName, ActParams } from './use-acts';

const words = texts({
  why: ['说明（可不填，记入处理记录）', 'Remark, if you like: kept in the history'],
  cancel: ['取消', 'Cancel'],
});

export interface Question {
  act: ActName;
  /** What is asked, and what the button says. */
  title: string;
  hint?: ReactNode;
  params: ActParams;
  danger?: boolean;
}

export interface AskDialogProps {
  /** `null`: nothing is asked. */
  question: Question | null;
  busy: boolean;
  /** Does it, and tells whether it was done. */
  answer: (question: Question, remark: string) => Promise<boolean>;
  close: () => void;
}

export function AskDialog({ question, busy, answer, close }: AskDialogProps) {
  const t = useTexts(words);
  const [remark, setRemark] = useState('');
  // What was asked last stays while the dialog fades away.
  const last = useRef(question);
  if (question) last.current = question;
  const { title, hint, danger = false } = last.current ?? {};
  const leave = () => {
    close();
    setRemark('');
  };
  const go = async () => {
    if (question && !busy && (await answer(question, remark.trim()))) leave();
  };
  return (
    <Modal
      open={question !== null}
      title={title}
      okText={title}
      cancelText={t.cancel}
      okButtonProps={{ danger, loading: busy }}
      onOk={go}
      onCancel={leave}
      width={460}
      destroyOnHidden
    >
      {hint ? <p>{hint}</p> : null}
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
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) go();
          }}
        />
      </label>
    </Modal>
  );
}
