import { Button, Popconfirm, Table, Tag } from 'antd';
import { useMemo } from 'react';
import { texts, useLanguage, useTexts } from '~/i18n';
import { cards, titled } from '~/parts';
import { date, now } from '~/time';
import {
  inOrder,
  lengthOf,
  lengthText,
  oneOf,
  type Rule,
  type Standing,
  scopeOf,
  scopeText,
  standing,
} from './rules';
import css from './settings.module.css';

const words = texts({
  scope: ['适用于', 'For'],
  stage: ['要做的', 'To be done'],
  first_reply: ['首次回复', 'First reply'],
  settlement: ['处理完结', 'Settlement'],
  length: ['期限', 'Time'],
  from: ['生效日', 'From'],
  always: ['一直', 'Always'],
  state: ['状态', 'Status'],
  holds: ['生效中', 'In force'],
  ahead: ['尚未生效', 'Not yet'],
  past: ['已被新版替代', 'Replaced'],
  covered: ['被店铺规则覆盖', 'Overridden'],
  origin: ['来自', 'Set by'],
  own: ['店铺', 'Shop'],
  standard: ['自带', 'Program'],
  unsaved: ['未保存', 'Not saved'],
  next: ['改期限', 'Change'],
  nextOf: (title: string) => [`改期限：${title}`, `Change: ${title}`],
  remove: ['移除', 'Remove'],
  removeOf: (title: string) => [`移除“${title}”`, `Remove “${title}”`],
  removeSure: [
    '移除后，已按它计时的投诉不能再逐段说明期限。想换期限请用“改期限”。',
    'Deadlines that were counted by it can no longer be explained step by step. To set another time, use “Change”.',
  ],
});

const COLOURS: Record<Standing, string> = {
  holds: 'success',
  ahead: 'processing',
  past: 'default',
  covered: 'default',
};

interface Props {
  own: readonly Rule[];
  saved: readonly Rule[];
  standard: readonly Rule[];
  onNext: ((rule: Rule) => void) | undefined;
  onRemove: ((rule: Rule) => void) | undefined;
}

/** All rules, those of the program and the shop's own, with what becomes of each today. */
export function RuleTable({ own, saved, standard, onNext, onRemove }: Props) {
  const t = useTexts(words);
  const language = useLanguage();
  const today = date(now());
  const rows = useMemo(
    () =>
      inOrder([...standard, ...own]).map((rule) => ({
        rule,
        standing: standing(rule, own, standard, today),
      })),
    [own, standard, today],
  );
  const kept = (rule: Rule) => saved.some((other) => other.id === rule.id && other.version === rule.version);
  return (
    <Table
      className={`${css.full} ${cards}`}
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
      rowKey={({ rule }) => `${rule.id} ${rule.version}`}
      rowClassName={({ standing }) => (standing === 'past' || standing === 'covered' ? (css.gone ?? '') : '')}
      dataSource={rows}
      columns={[
        { title: t.scope, render: (_, { rule }) => scopeText(scopeOf(rule), language) },
        { ...titled(t.stage), render: (_, { rule }) => t[rule.stage] },
        {
          ...titled(t.length),
          render: (_, { rule }) => (
            <span title={oneOf(rule.title, language)}>{lengthText(lengthOf(rule), language)}</span>
          ),
        },
        { ...titled(t.from), className: css.numbers, render: (_, { rule }) => rule.from ?? t.always },
        {
          ...titled(t.state),
          render: (_, { rule, standing }) => (
            <>
              <Tag color={COLOURS[standing]}>{t[standing]}</Tag>
              {own.includes(rule) && !kept(rule) && <Tag color="warning">{t.unsaved}</Tag>}
            </>
          ),
        },
        { ...titled(t.origin), render: (_, { rule }) => (own.includes(rule) ? t.own : t.standard) },
        ...(onNext && onRemove
          ? [
              {
                key: 'actions',
                title: '',
                render: (_: unknown, { rule, standing }: (typeof rows)[number]) => (
                  <span className={css.actions}>
                    {standing === 'holds' && (
                      <Button
                        type="link"
                        size="small"
                        aria-label={t.nextOf(oneOf(rule.title, language))}
                        onClick={() => onNext(rule)}
                      >
                        {t.next}
                      </Button>
                    )}
                    {own.includes(rule) && (
                      // What was never saved has counted nothing: there is nothing to be asked.
                      <Popconfirm
                        title={t.removeSure}
                        disabled={!kept(rule)}
                        onConfirm={() => onRemove(rule)}
                      >
                        <Button
                          type="link"
                          size="small"
                          danger
                          aria-label={t.removeOf(oneOf(rule.title, language))}
                          onClick={() => !kept(rule) && onRemove(rule)}
                        >
                          {t.remove}
                        </Button>
                      </Popconfirm>
                    )}
                  </span>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}
