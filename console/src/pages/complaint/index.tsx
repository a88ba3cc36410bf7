// One complaint on a page of its own, which can be sent to a colleague.

import { ArrowLeftOutlined } from '@ant-design/icons';
import { Link, useParams } from 'react-router';
import ComplaintView from '~/complaint/view';
import { texts, useTexts } from '~/i18n';
import { useTitle } from '~/parts';
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
      <h1 className={css.title}>{t.title(id)}</h1>
      <ComplaintView id={id} />
    </div>
  );
}
