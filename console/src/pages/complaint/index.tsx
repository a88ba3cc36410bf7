// One complaint on a page of its own, which can be sent to a colleague.

import { ArrowLeftOutlined } from '@ant-design/icons';
import { useParams } from 'react-router';
import ComplaintView from '~/complaint/view';
import { texts, useTexts } from '~/i18n';
import { useTitle } from '~/parts';
import unseen from '~/parts/unseen.module.css';
import { Link } from '~/session';
import css from './complaint.module.css';

const words = texts({
  title: (id: string) => [`投诉单 ${id}`, `Complaint ${id}`],
  back: ['投诉队列', 'Queue'],
});

export default function ComplaintPage() {
  const t = useTexts(words);
  const { id = '' } = useParams();
  useTitle(t.title(id));
  return (
    <div className={css.page}>
      <Link className={css.back} to="/queue">
        <ArrowLeftOutlined /> {t.back}
      </Link>
      {/* The number stands in the complaint's own head; this is what a screen reader announces. */}
      <h1 className={unseen.unseen}>{t.title(id)}</h1>
      <ComplaintView id={id} />
    </div>
  );
}
