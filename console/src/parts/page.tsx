// The frame of a page: its heading, what can be done there, and the tab's title.

import { type ReactNode, useEffect } from 'react';
import { texts, useTexts } from '~/i18n';
import css from './page.module.css';

const words = texts({ product: ['投诉处理台', 'Complaint desk'] });

/** The browser tab's title. */
export function useTitle(title: string) {
  const { product } = useTexts(words);
  useEffect(() => {
    document.title = title ? `${title} · ${product}` : product;
  }, [title, product]);
}

export function PageHeader({
  title,
  note,
  children,
}: {
  title: string;
  /** A line under it. */
  note?: ReactNode;
  /** What can be done, on the right. */
  children?: ReactNode;
}) {
  useTitle(title);
  return (
    <header className={css.header}>
      <div className={css.heading}>
        <h1>{title}</h1>
        {note ? <p>{note}</p> : null}
      </div>
      {children ? <div className={css.actions}>{children}</div> : null}
    </header>
  );
}
