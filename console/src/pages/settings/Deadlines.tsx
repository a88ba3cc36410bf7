// Until when complaints are to be handled: the shop's own rules over those that come with the program.

import { PlusOutlined } from '@ant-design/icons';
import { Button, Checkbox } from 'antd';
import { useState } from 'react';
import { texts, useTexts } from '~/i18n';
import { RuleForm } from './RuleForm';
import { RuleTable } from './RuleTable';
import { draftOf, type Rule, withoutRule } from './rules';
import css from './settings.module.css';
import { type ShopSettings, useMayChange, useSave } from './shop';
import { Trial, type Tried } from './Trial';
import { WithSettings } from './WithSettings';

const words = texts({
  lead: [
    '一件投诉按来源的规则计时，没有则按渠道的，再没有则按适用于所有投诉的；同一范围内店铺规则优先于自带规则。规则只管生效之后来的投诉，正在计时的期限不变，除非您要求重算。',
    'A complaint is timed by the rule of its source, else of its channel, else of all complaints; within one of these the shop’s own rule goes before the program’s. Rules hold for what comes in after they take effect; deadlines that run stay unless you ask for them to be counted anew.',
  ],
  add: ['新增规则', 'Add a rule'],
  changed: ['规则有改动，还没有保存', 'The rules were changed and are not saved yet'],
  move: ['同时重算正在计时的期限', 'Count running deadlines anew as well'],
  tryOut: ['试算', 'Try it out'],
  save: ['保存', 'Save'],
  discard: ['放弃', 'Discard'],
});

export default function Deadlines() {
  return <WithSettings>{(settings) => <Rules settings={settings} />}</WithSettings>;
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
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm({ of: null })}>
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
