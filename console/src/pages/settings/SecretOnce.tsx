import { Alert, Button, Modal, Typography } from 'antd';
import { texts, useTexts } from '~/i18n';
import css from './settings.module.css';

const words = texts({
  once: ['离开这里之后无法再次查看，请现在保存。', 'It cannot be looked at again. Keep it now.'],
  kept: ['我已保存', 'I have kept it'],
  copy: ['复制', 'Copy'],
});

interface Props {
  title: string;
  /** What is told, under its names; what is secret among it is never shown again. */
  told: readonly (readonly [name: string, value: string])[];
  onClose: () => void;
}

/** Something that is told once. */
export function SecretOnce({ title, told, onClose }: Props) {
  const t = useTexts(words);
  return (
    <Modal
      open
      title={title}
      // A click beside it would lose what cannot be had again.
      mask={{ closable: false }}
      keyboard={false}
      closable={false}
      footer={
        <Button type="primary" onClick={onClose}>
          {t.kept}
        </Button>
      }
    >
      <div className={css.stack}>
        <Alert type="warning" showIcon title={t.once} className={css.full} />
        {told.map(([name, value]) => (
          <div key={name} className={css.full}>
            <div className={css.soft}>{name}</div>
            <Typography.Paragraph className={css.secret} copyable={{ text: value, tooltips: [t.copy] }}>
              {value}
            </Typography.Paragraph>
          </div>
        ))}
      </div>
    </Modal>
  );
}
