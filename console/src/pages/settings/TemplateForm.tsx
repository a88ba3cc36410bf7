import { Button, Form, Input } from 'antd';
import type { TextAreaRef } from 'antd/es/input/TextArea';
import { useRef } from 'react';
import { VARIABLES } from '~/complaint/templates';
import { texts, useTexts } from '~/i18n';
import { FormDialog } from './FormDialog';
import css from './settings.module.css';
import { previewed, type Template, unknown } from './templates';

const MOST_TEXT = 500;

const words = texts({
  name: ['名称', 'Name'],
  text: ['内容', 'Text'],
  variables: ['插入变量', 'Insert a variable'],
  preview: ['预览', 'Preview'],
  sameName: ['已有同名模板', 'There is a template of that name'],
  unknownVariable: (name: string) => [`没有变量 {{${name}}}`, `There is no variable {{${name}}}`],
});

interface Props {
  title: string;
  /** `undefined`: a new one. */
  template: Template | undefined;
  /** Names of the others. */
  taken: readonly string[];
  saving: boolean;
  onCancel: () => void;
  onSave: (template: Template) => void;
}

/** A template's name and text, and how it will read. */
export function TemplateForm({ title, template, taken, saving, onCancel, onSave }: Props) {
  const t = useTexts(words);
  const [form] = Form.useForm<Template>();
  const text = Form.useWatch('text', form) ?? template?.text ?? '';
  const area = useRef<TextAreaRef>(null);
  const insert = (variable: string) => {
    const element = area.current?.resizableTextArea?.textArea;
    const [from, to] = element ? [element.selectionStart, element.selectionEnd] : [text.length, text.length];
    const place = `{{${variable}}}`;
    form.setFieldValue('text', `${text.slice(0, from)}${place}${text.slice(to)}`);
    // Once the text is in it: before, the place would be at its end.
    requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(from + place.length, from + place.length);
    });
  };
  return (
    <FormDialog<Template>
      title={title}
      saving={saving}
      form={form}
      initial={template ?? { name: '', text: '' }}
      first="name"
      onCancel={onCancel}
      onSave={({ name, text }) => onSave({ name: name.trim(), text })}
    >
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
        <Input maxLength={64} />
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
    </FormDialog>
  );
}
