// Looking for a text, an order or the end of a phone number.

import { type InputRef, Select } from 'antd';
// Alone: the other kinds of input come with the pages that have them.
import Search from 'antd/es/input/Search';
import { type Ref, useEffect, useId, useState } from 'react';
import { texts, useTexts } from '~/i18n';
import type { PartProps } from './field';
import css from './filter-bar.module.css';

const words = texts({
  kind: ['搜索范围', 'Look in'],
  text: ['问题描述', 'Reason'],
  order: ['订单/资源', 'Order'],
  phone: ['手机后四位', 'Phone’s last 4'],
  textHint: ['搜索问题描述，至少 2 个字', 'Search reasons: 2 characters at least'],
  orderHint: ['完整的订单号或资源编号', 'The whole number of an order or resource'],
  phoneHint: ['手机号后四位数字', 'Last four digits'],
});

type Kind = 'text' | 'order' | 'phone';
const KINDS: readonly Kind[] = ['text', 'order', 'phone'];
const MOST: Record<Kind, number> = { text: 100, order: 256, phone: 4 };

/** Whether something can be looked for, nothing at all included. */
function fits(kind: Kind, typed: string): boolean {
  const text = typed.trim();
  if (text === '' || kind === 'order') return true;
  return kind === 'text' ? text.length >= 2 : /^\d{4}$/.test(text);
}

export function SearchBox({ filter, set, search }: PartProps & { search: Ref<InputRef> }) {
  const t = useTexts(words);
  const hintId = useId();
  const inForce = KINDS.find((kind) => filter[kind]) ?? 'text';
  const [kind, setKind] = useState<Kind>(inForce);
  const [typed, setTyped] = useState(filter[inForce]);

  // The address may change by other ways: a saved view, the way back.
  useEffect(() => {
    setKind(inForce);
    setTyped(filter[inForce]);
  }, [inForce, filter[inForce]]);

  const apply = (text: string, as: Kind = kind) => set({ text: '', order: '', phone: '', [as]: text.trim() });
  const hint = { text: t.textHint, order: t.orderHint, phone: t.phoneHint }[kind];
  const wrong = !fits(kind, typed);
  return (
    <div className={css.search}>
      <Select<Kind>
        aria-label={t.kind}
        value={kind}
        popupMatchSelectWidth={false}
        onChange={(to) => {
          setKind(to);
          if (typed) apply('', to);
          setTyped('');
        }}
        options={KINDS.map((value) => ({ value, label: t[value] }))}
      />
      <div className={css.typed}>
        <Search
          ref={search}
          aria-label={t[kind]}
          aria-describedby={wrong ? hintId : undefined}
          allowClear
          value={typed}
          status={wrong ? 'warning' : ''}
          placeholder={hint}
          maxLength={MOST[kind]}
          inputMode={kind === 'phone' ? 'numeric' : 'text'}
          onChange={(event) => setTyped(event.target.value)}
          onSearch={(text) => {
            if (fits(kind, text)) apply(text);
          }}
        />
        {wrong ? (
          <span className={css.hint} id={hintId}>
            {hint}
          </span>
        ) : null}
      </div>
    </div>
  );
}
