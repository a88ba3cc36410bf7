// Tables that on a phone become a card for each row, with each cell under its column's title.

import css from './cards.module.css';

/** The class of such a table. */
export const cards = css.cards ?? '';

/** A column's title, which its cells have at hand. */
export const titled = (title: string) => ({ title, onCell: () => ({ 'data-title': title }) as object });
