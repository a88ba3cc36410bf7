import { Form, type FormInstance, Modal } from 'antd';
import type { ReactNode } from 'react';
import { texts, useTexts } from '~/i18n';

const words = texts({ save: ['保存', 'Save'] });

interface Props<V extends object> {
  title: string;
  /** What the button says, unless that is "save". */
  okText?: string;
  saving?: boolean;
  /** From outside, where something else looks at what is filled in. */
  form?: FormInstance<V>;
  initial?: Partial<V>;
  /** The field to begin with. */
  first: keyof V & string;
  onCancel: () => void;
  /** Called with what was filled in, once nothing is wrong with it. */
  onSave: (values: V) => void;
  children: ReactNode;
}

/** A form in a dialog. Enter does what the button does. */
export function FormDialog<V extends object>(props: Props<V>) {
  const { title, okText, saving = false, form: given, initial, first, onCancel, onSave, children } = props;
  const t = useTexts(words);
  const [own] = Form.useForm<V>();
  const form = given ?? own;
  return (
    <Modal
      open
      title={title}
      okText={okText ?? t.save}
      confirmLoading={saving}
      onCancel={onCancel}
      onOk={form.submit}
      afterOpenChange={(open) => open && form.getFieldInstance(first)?.focus?.()}
    >
      <Form<V>
        form={form}
        layout="vertical"
        autoComplete="off"
        {...(initial && { initialValues: initial })}
        onFinish={(values) => {
          if (!saving) onSave(values);
        }}
      >
        {children}
        {/* Enter sends a form of several fields only if it has a button for that; the dialog's is outside of it. */}
        <button type="submit" hidden />
      </Form>
    </Modal>
  );
}
