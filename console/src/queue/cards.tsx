// The queue on a phone: a card for each complaint, the whole of which opens it.

import { Checkbox } from 'antd';
import { memo } from 'react';
import { texts, useTexts } from '~/i18n';
import { ChannelTag, StateTag, UserTags, When } from '~/parts';
import css from './cards.module.css';
import { Assignee, Left } from './columns';
import { having } from './selection';
import type { ListProps } from './table';

const words = texts({ select: (id: string) => [`选择 ${id}`, `Select ${id}`] });

export const QueueCards = memo(function QueueCards({
  rows,
  marks,
  at,
  open,
  selected,
  select,
  choose,
}: ListProps) {
  const t = useTexts(words);
  return (
    <ul className={css.cards}>
      {rows.map((row) => {
        const id = row.complaint_id;
        return (
          <li
            key={id}
            className={css.card}
            data-row={id}
            data-at={id === at || id === open}
            data-gone={marks.gone.has(id)}
            data-fresh={marks.fresh.has(id)}
          >
            <div className={css.head}>
              {selected ? (
                <Checkbox
                  aria-label={t.select(id)}
                  checked={selected.has(id)}
                  onChange={(event) => select((before) => having(before, [id], event.target.checked))}
                />
              ) : null}
              <StateTag state={row.state} />
              <ChannelTag channel={row.channel_type} />
              <span className={css.left}>
                <Left row={row} />
              </span>
            </div>
            <a
              className={css.reason}
              href={marks.href(row)}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                choose(id);
              }}
            >
              {row.complaint_reason}
            </a>
            <div className={css.foot}>
              <When at={row.complaint_time} />
              <span>
                <Assignee name={row.assignee} />
              </span>
            </div>
            {row.tags.length > 0 ? <UserTags names={row.tags} /> : null}
          </li>
        );
      })}
    </ul>
  );
});
