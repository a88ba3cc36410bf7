import { texts, useTexts } from '~/i18n';
import { Empty, useTitle } from '~/parts';
import { Link } from '~/session';

const words = texts({
  title: ['没有这个页面', 'There is no such page'],
  hint: ['地址可能写错了，或页面已经移走。', 'The address may be mistyped, or the page has moved.'],
  home: ['回到投诉队列', 'Back to the queue'],
});

export function NotFound() {
  const t = useTexts(words);
  useTitle(t.title);
  return (
    <Empty as="h1" title={t.title} hint={t.hint}>
      <Link to="/queue">{t.home}</Link>
    </Empty>
  );
}
