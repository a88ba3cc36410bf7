// Texts that agents reply with.

import { ArrowDownOutlined, ArrowUpOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Popconfirm } from 'antd';
import { useState } from 'react';
import { texts, useTexts } from '~/i18n';
import { Empty } from '~/parts';
import css from './settings.module.css';
import { useMayChange, useSave } from './shop';
import { TemplateForm } from './TemplateForm';
import { saved, swapped, type Template, without } from './templates';
import { WithSettings } from './WithSettings';

const MOST = 100;

const words = texts({
  lead: [
    '回复投诉时可选用这些模板；双花括号里的变量会换成该投诉的内容。',
    'Agents choose from these when they reply; variables in double braces become what the complaint has.',
  ],
  add: ['新增模板', 'Add a template'],
  edit: ['编辑', 'Edit'],
  editOf: (name: string) => [`编辑“${name}”`, `Edit “${name}”`],
  remove: ['删除', 'Delete'],
  removeOf: (name: string) => [`删除“${name}”`, `Delete “${name}”`],
  sure: ['删除这个模板？', 'Delete this template?'],
  up: (name: string) => [`上移“${name}”`, `Move “${name}” up`],
  down: (name: string) => [`下移“${name}”`, `Move “${name}” down`],
  none: ['还没有模板', 'No templates yet'],
  noneHint: [
    '常用的回复写成模板，回复时一键填入。',
    'Write down what you reply often, and fill it in with one key.',
  ],
  full: [`最多 ${MOST} 个模板`, `${MOST} templates at most`],
});

export default function Templates() {
  return <WithSettings>{(settings) => <TemplateList templates={settings.templates} />}</WithSettings>;
}

function TemplateList({ templates }: { templates: Template[] }) {
  const t = useTexts(words);
  const may = useMayChange();
  const { save, saving } = useSave();
  /** The name of the one that is edited; `null`: a new one. Others may change the list meanwhile. */
  const [edited, setEdited] = useState<{ name: string | null } | null>(null);
  const put = (changed: Template[]) =>
    save({ templates: changed }).then(
      () => true,
      () => false,
    );
  return (
    <div className={css.stack}>
      <p className={css.lead}>{t.lead}</p>
      {may && (
        <Button
          type="primary"
          icon={<PlusOutlined />}
          disabled={templates.length >= MOST}
          title={templates.length >= MOST ? t.full : ''}
          onClick={() => setEdited({ name: null })}
        >
          {t.add}
        </Button>
      )}
      {templates.length === 0 ? (
        <Empty title={t.none} hint={t.noneHint} />
      ) : (
        <ul className={css.list}>
          {templates.map((template, at) => (
            <li key={template.name} className={css.item}>
              <h2>{template.name}</h2>
              {may && (
                <span className={css.actions}>
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowUpOutlined />}
                    aria-label={t.up(template.name)}
                    disabled={at === 0 || saving}
                    onClick={() => put(swapped(templates, at, at - 1))}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowDownOutlined />}
                    aria-label={t.down(template.name)}
                    disabled={at === templates.length - 1 || saving}
                    onClick={() => put(swapped(templates, at, at + 1))}
                  />
                  <Button
                    type="link"
                    size="small"
                    aria-label={t.editOf(template.name)}
                    onClick={() => setEdited({ name: template.name })}
                  >
                    {t.edit}
                  </Button>
                  <Popconfirm title={t.sure} onConfirm={() => put(without(templates, template.name))}>
                    <Button type="link" size="small" danger aria-label={t.removeOf(template.name)}>
                      {t.remove}
                    </Button>
                  </Popconfirm>
                </span>
              )}
              <p>{template.text}</p>
            </li>
          ))}
        </ul>
      )}
      {edited && (
        <TemplateForm
          title={edited.name === null ? t.add : t.editOf(edited.name)}
          template={templates.find(({ name }) => name === edited.name)}
          taken={without(templates, edited.name).map(({ name }) => name)}
          saving={saving}
          onCancel={() => setEdited(null)}
          onSave={async (template) => {
            if (await put(saved(templates, edited.name, template))) setEdited(null);
          }}
        />
      )}
    </div>
  );
}
