// Texts that agents reply with.

import { ArrowDownOutlined, ArrowUpOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Form, Input, type InputRef, Modal, Popconfirm } from 'antd';
import type { TextAreaRef } from 'antd/es/input/TextArea';
import { useRef, useState } from 'react';
import { VARIABLES } from '~/complaint/templates';
import { texts, useTexts } from '~/i18n';
import { Empty, Failed, Loading } from '~/parts';
import css from './settings.module.css';
import { type ShopSettings, useMayChange, useSave, useShopSettings } from './shop';
import { previewed, unknown } from './templates';

type Template = ShopSettings['templates'][number];

const MOST = 100;
const MOST_TEXT = 500;

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
  name: ['名称', 'Name'],
  text: ['内容', 'Text'],
  variables: ['插入变量', 'Insert a variable'],
  preview: ['预览', 'Preview'],
  sameName: ['已有同名模板', 'There is a template of that name'],
  unknownVariable: (name: string) => [`没有变量 {{${name}}}`, `There is no variable {{${name}}}`],
  save: ['保存', 'Save'],
  full: [`最多 ${MOST} 个模板`, `${MOST} templates at most`],
});

export default function Templates() {
  const settings = useShopSettings();
  if (settings.error && !settings.data) return <Failed error={settings.error} retry={settings.refetch} />;
  return settings.data ? <TemplateList templates={settings.data.templates} /> : <Loading />;
}

function TemplateList({ templates }: { templates: Template[] }) {
  const t = useTexts(words);
  const may = useMayChange();
  const { save, saving } = useSave();
  /** Which one is edited; one past the last is a new one. */
  const [edited, setEdited] = useState<number | null>(null);
  const put = (changed: Template[]) =>
    save({ templates: changed }).then(
      () => true,
      () => false,
    );
  const swapped = (at: number, other: number) =>
    templates.map((template, place) =>
      place === at
        ? (templates[other] ?? template)
        : place === other
          ? (templates[at] ?? template)
          : template,
    );
  return (
    <div className={css.stack}>
      <p className={css.lead}>{t.lead}</p>
      {may && (
        <Button
          icon={<PlusOutlined />}
          disabled={templates.length >= MOST}
          title={templates.length >= MOST ? t.full : ''}
          onClick={() => setEdited(templates.length)}
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
                    onClick={() => put(swapped(at, at - 1))}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowDownOutlined />}
                    aria-label={t.down(template.name)}
                    disabled={at === templates.length - 1 || saving}
                    onClick={() => put(swapped(at, at + 1))}
                  />
                  <Button
                    type="link"
                    size="small"
                    aria-label={t.editOf(template.name)}
                    onClick={() => setEdited(at)}
                  >
                    {t.edit}
                  </Button>
                  <Popconfirm
                    title={t.sure}
                    onConfirm={() => put(templates.filter((_, place) => place !== at))}
                  >
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
      {edited !== null && (
        <TemplateForm
          template={templates[edited]}
          taken={templates.filter((_, at) => at !== edited).map(({ name }) => name)}
          saving={saving}
          onCancel={() => setEdited(null)}
          onSave={async (template) => {
            const changed = [...templates];
            changed[edited] = template;
            if (await put(changed)) setEdited(null);
          }}
        />
      )}
    </div>
  );
}

interface FormProps {
  template: Template | undefined;
  /** Names of the others. */
  taken: readonly string[];
  saving: boolean;
  onCancel: () => void;
  onSave: (template: Template) => void;
}

function TemplateForm({ template, taken, saving, onCancel, onSave }: FormProps) {
  const t = useTexts(words);
  const [form] = Form.useForm<Template>();
  const text = Form.useWatch('text', form) ?? template?.text ?? '';
  const area = useRef<TextAreaRef>(null);
  const first = useRef<InputRef>(null);
  const insert = (variable: string) => {
    const element = area.current?.resizableTextArea?.textArea;
    const [from, to] = element ? [element.selectionStart, element.selectionEnd] : [text.length, text.length];
    form.setFieldValue('text', `${text.slice(0, from)}{{${variable}}}${text.slice(to)}`);
    element?.focus();
  };
  return (
    <Modal
      open
      title={template ? t.editOf(template.name) : t.add}
      okText={t.save}
      confirmLoading={saving}
      onCancel={onCancel}
      afterOpenChange={(open) => open && first.current?.focus()}
      onOk={() =>
        form.validateFields().then(
          ({ name, text }) => onSave({ name: name.trim(), text }),
          () => {
            // The form says what is wrong.
          },
        )
      }
    >
      <Form<Template> form={form} layout="vertical" initialValues={template ?? { name: '', text: '' }}>
        <Form.Item
          name="name"
          label={t.name}
          rules={[
            { required: true, whitespace: true, max: 64 },
            {
              validator: (_, name: string) =>
                taken.includes(name.trim()) ? Promise.reject(new Error(t.sameName)) : Promise.resolve(),
            },
          ]}
        >
          <Input ref={first} maxLength={64} />
        </Form.Item>
        <fieldset className={css.variables} aria-label={t.variables}>
          {VARIABLES.map((name) => (
            <Button key={name} size="small" onClick={() => insert(name)}>
              {`{{${name}}}`}
            </Button>
          ))}
        </fieldset>
        <Form.Item
          name="text"
          label={t.text}
          rules={[
            { required: true, whitespace: true, max: MOST_TEXT },
            {
              validator: (_, text: string) => {
                const name = unknown(text);
                return name === undefined
                  ? Promise.resolve()
                  : Promise.reject(new Error(t.unknownVariable(name)));
              },
            },
          ]}
        >
          <Input.TextArea ref={area} rows={5} maxLength={MOST_TEXT} showCount />
        </Form.Item>
        <Form.Item label={t.preview}>
          <div className={css.preview}>{previewed(text)}</div>
        </Form.Item>
      </Form>
    </Modal>
  );
}
