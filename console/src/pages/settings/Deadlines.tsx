// Until when complaints are to be handled: the shop's own rules over those that come with the program.

import { PlusOutlined } from '@ant-design/icons';
import { Alert, Button, Checkbox, Popconfirm, Table, Tag } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import type { Data } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { Empty, Failed, Loading } from '~/parts';
import { date, now, parse, span } from '~/time';
import { RuleForm } from './RuleForm';
import {
  draftOf,
  inOrder,
  lengthOf,
  lengthText,
  oneOf,
  type Rule,
  type Standing,
  scopeOf,
  scopeText,
  standing,
  withoutRule,
} from './rules';
import css from './settings.module.css';
import { type ShopSettings, useMayChange, useSave, useShopSettings } from './shop';

const words = texts({
  lead: [
    '一件投诉按来源的规则计时，没有则按渠道的，再没有则按适用于所有投诉的；同一范围内店铺规则优先于自带规则。规则只管生效之后来的投诉，正在计时的期限不变，除非您要求重算。',
    'A complaint is timed by the rule of its source, else of its channel, else of all complaints; within one of these the shop’s own rule goes before the program’s. Rules hold for what comes in after they take effect; deadlines that run stay unless you ask for them to be counted anew.',
  ],
  add: ['新增规则', 'Add a rule'],
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
  changed: ['规则有改动，还没有保存', 'The rules were changed and are not saved yet'],
  move: ['同时重算正在计时的期限', 'Count running deadlines anew as well'],
  tryOut: ['试算', 'Try it out'],
  save: ['保存', 'Save'],
  discard: ['放弃', 'Discard'],
  nothingMoves: ['没有投诉的时限会因此改变', 'No complaint’s deadline would move'],
  nothingMovesHint: ['新来的投诉按新规则计时。', 'New complaints will be timed by the new rules.'],
  moved: (count: number) => [`试算：${count} 件投诉的时限会改变`, `Trial: ${count} deadlines would move`],
  complaint: ['投诉单号', 'Complaint'],
  before: ['原时限', 'Deadline now'],
  after: ['新时限', 'New deadline'],
  difference: ['相差', 'Difference'],
  later: (much: string) => [`晚 ${much}`, `${much} later`],
  earlier: (much: string) => [`早 ${much}`, `${much} earlier`],
  rule: ['规则', 'Rule'],
});

type Tried = Data<'tousu.settings.set'>['moved'];

export default function Deadlines() {
  const settings = useShopSettings();
  if (settings.error && !settings.data) return <Failed error={settings.error} retry={settings.refetch} />;
  return settings.data ? <Rules settings={settings.data} /> : <Loading />;
}

function Rules({ settings }: { settings: ShopSettings }) {
  const t = useTexts(words);
  const may = useMayChange();
  const { save, saving } = useSave();
  const saved = settings.deadline_rules as Rule[];
  const standard = settings.standard_rules as Rule[];
  const [edited, setEdited] = useState<Rule[] | null>(null);
  const [move, setMove] = useState(false);
  const [tried, setTried] = useState<Tried | null>(null);
  /** The rule of which a new version is written; null: a new rule. */
  const [form, setForm] = useState<{ of: Rule | null } | null>(null);
  const own = edited ?? saved;

  const edit = (rules: Rule[]) => {
    setEdited(rules);
    setTried(null);
  };
  const discard = () => {
    setEdited(null);
    setTried(null);
  };
  const send = async (dry: boolean) => {
    const done = await save({ deadline_rules: own, move_running: move ? 1 : 0, dry_run: dry ? 1 : 0 }).catch(
      () => null,
    );
    if (!done) return;
    if (dry) {
      setTried(done.moved);
    } else {
      setEdited(null);
      setTried(null);
      setMove(false);
    }
  };

  return (
    <div className={css.stack}>
      <p className={css.lead}>{t.lead}</p>
      {may && (
        <Button icon={<PlusOutlined />} onClick={() => setForm({ of: null })}>
          {t.add}
        </Button>
      )}
      <RuleTable
        own={own}
        saved={saved}
        standard={standard}
        onNext={may ? (rule) => setForm({ of: rule }) : undefined}
        onRemove={may ? (rule) => edit(withoutRule(own, rule)) : undefined}
      />
      {edited && (
        <section className={css.bar} aria-label={t.changed}>
          <strong>{t.changed}</strong>
          <Checkbox
            checked={move}
            onChange={(event) => {
              setMove(event.target.checked);
              setTried(null);
            }}
          >
            {t.move}
          </Checkbox>
          <Button onClick={discard}>{t.discard}</Button>
          <Button loading={saving} onClick={() => send(true)}>
            {t.tryOut}
          </Button>
          <Button type="primary" loading={saving} onClick={() => send(false)}>
            {t.save}
          </Button>
        </section>
      )}
      {tried && <Trial moved={tried} />}
      {form && (
        <RuleForm
          rules={own}
          start={form.of ? draftOf(form.of) : undefined}
          onDone={(rules) => {
            edit(rules);
            setForm(null);
          }}
          onCancel={() => setForm(null)}
        />
      )}
    </div>
  );
}

const COLOURS: Record<Standing, string> = {
  holds: 'success',
  ahead: 'processing',
  past: 'default',
  covered: 'default',
};

interface TableProps {
  own: readonly Rule[];
  saved: readonly Rule[];
  standard: readonly Rule[];
  onNext: ((rule: Rule) => void) | undefined;
  onRemove: ((rule: Rule) => void) | undefined;
}

function RuleTable({ own, saved, standard, onNext, onRemove }: TableProps) {
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
      className={css.full}
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
      rowKey={({ rule }) => `${rule.id} ${rule.version}`}
      rowClassName={({ standing }) => (standing === 'past' || standing === 'covered' ? (css.gone ?? '') : '')}
      dataSource={rows}
      columns={[
        { title: t.scope, render: (_, { rule }) => scopeText(scopeOf(rule), language) },
        { title: t.stage, render: (_, { rule }) => t[rule.stage] },
        {
          title: t.length,
          render: (_, { rule }) => (
            <span title={oneOf(rule.title, language)}>{lengthText(lengthOf(rule), language)}</span>
          ),
        },
        { title: t.from, className: css.numbers, render: (_, { rule }) => rule.from ?? t.always },
        {
          title: t.state,
          render: (_, { rule, standing }) => (
            <>
              <Tag color={COLOURS[standing]}>{t[standing]}</Tag>
              {own.includes(rule) && !kept(rule) && <Tag color="warning">{t.unsaved}</Tag>}
            </>
          ),
        },
        { title: t.origin, render: (_, { rule }) => (own.includes(rule) ? t.own : t.standard) },
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
                    {own.includes(rule) &&
                      (kept(rule) ? (
                        <Popconfirm title={t.removeSure} onConfirm={() => onRemove(rule)}>
                          <Button
                            type="link"
                            size="small"
                            danger
                            aria-label={t.removeOf(oneOf(rule.title, language))}
                          >
                            {t.remove}
                          </Button>
                        </Popconfirm>
                      ) : (
                        <Button
                          type="link"
                          size="small"
                          danger
                          aria-label={t.removeOf(oneOf(rule.title, language))}
                          onClick={() => onRemove(rule)}
                        >
                          {t.remove}
                        </Button>
                      ))}
                  </span>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}

/** What a change would do to complaints that are open. */
function Trial({ moved }: { moved: Tried }) {
  const t = useTexts(words);
  const language = useLanguage();
  if (moved.length === 0) return <Empty title={t.nothingMoves} hint={t.nothingMovesHint} />;
  const difference = (before: string, after: string) => {
    const seconds = (parse(after) ?? 0) - (parse(before) ?? 0);
    return seconds > 0 ? t.later(span(seconds, language)) : t.earlier(span(seconds, language));
  };
  return (
    <>
      <Alert type="info" showIcon title={t.moved(moved.length)} className={css.full} />
      <Table
        className={css.full}
        size="small"
        scroll={{ x: 'max-content' }}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        rowKey="complaint_id"
        dataSource={moved}
        columns={[
          {
            title: t.complaint,
            render: (_, row) => <Link to={`/complaints/${row.complaint_id}`}>{row.complaint_id}</Link>,
          },
          { title: t.before, dataIndex: 'before', className: css.numbers },
          { title: t.after, dataIndex: 'after', className: css.numbers },
          { title: t.difference, render: (_, row) => difference(row.before, row.after) },
          { title: t.rule, render: (_, row) => `${row.rule} v${row.rule_version}` },
        ]}
      />
    </>
  );
}
