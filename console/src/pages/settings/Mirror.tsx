// Whether complaints are also fetched from the official platform.

import { texts, useTexts } from '~/i18n';
import { Empty } from '~/parts';

const words = texts({
  none: ['没有设置同步', 'No mirror is set up'],
  hint: [
    '本店的投诉由接口写入或从文件导入，不从小鹅通官方接口同步。',
    'This shop’s complaints come in by the interfaces or from files; none are fetched from the official platform.',
  ],
});

export default function Mirror() {
  const t = useTexts(words);
  return <Empty title={t.none} hint={t.hint} />;
}
