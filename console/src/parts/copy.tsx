// A number that one copies at a press.

import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { useEffect, useState } from 'react';
import { texts, useTexts } from '~/i18n';
import { copyText } from './clipboard';
import css from './copy.module.css';

const words = texts({
  copy: (what: string) => [`复制 ${what}`, `Copy ${what}`],
  copied: ['已复制', 'Copied'],
});

export function Copy({ text }: { text: string }) {
  const t = useTexts(words);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className={css.copy}
      aria-label={copied ? t.copied : t.copy(text)}
      title={copied ? t.copied : t.copy(text)}
      onClick={(event) => {
        event.stopPropagation();
        copyText(text).then(setCopied);
      }}
    >
      {copied ? <CheckOutlined /> : <CopyOutlined />}
    </button>
  );
}
