// What the keys do.

import { Modal } from 'antd';
import { texts, useTexts } from '~/i18n';
import css from './key-help.module.css';

const words = texts({
  title: ['键盘快捷键', 'Keyboard shortcuts'],
  next: ['下一条 / 上一条', 'Next / previous'],
  open: ['打开', 'Open'],
  close: ['关闭详情', 'Close the complaint'],
  reply: ['回复', 'Reply'],
  finish: ['结单', 'Close it'],
  note: ['备注', 'Note'],
  search: ['搜索', 'Search'],
  select: ['选择', 'Select'],
  help: ['显示这些快捷键', 'Show these'],
});

export default function KeyHelp({ close }: { close: () => void }) {
  const t = useTexts(words);
  const rows: [string[], string][] = [
    [['j', 'k'], t.next],
    [['Enter'], t.open],
    [['Esc'], t.close],
    [['r'], t.reply],
    [['n'], t.note],
    [['c'], t.finish],
    [['x'], t.select],
    [['/'], t.search],
    [['?'], t.help],
  ];
  return (
    <Modal open onCancel={close} footer={null} title={t.title} width={360} destroyOnHidden>
      <dl className={css.keys}>
        {rows.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
