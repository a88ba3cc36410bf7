// Views that one has saved: filters under a name.

import { DeleteOutlined, StarOutlined } from '@ant-design/icons';
import { Button, Popover } from 'antd';
import Input from 'antd/es/input/Input';
import { useState } from 'react';
import { failureText } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { usePreference } from '~/session';
import { type Filter, fromAddress, toAddress } from './filter';
import css from './views.module.css';

const MOST = 50;

const words = texts({
  views: ['常用视图', 'Saved views'],
  none: ['还没有保存的视图。设好筛选后，起个名字存下来。', 'None yet. Set a filter, name it, keep it.'],
  name: ['视图名称', 'Name of the view'],
  save: ['保存当前筛选', 'Save this filter'],
  replace: ['更新', 'Replace'],
  full: [`最多 ${MOST} 个视图，请先删除不用的`, `${MOST} views at most: delete one that is not used`],
  notKept: (why: string) => [`没有保存：${why}`, `Not kept: ${why}`],
  remove: (name: string) => [`删除视图 ${name}`, `Delete view ${name}`],
});

interface View {
  name: string;
  /** As in the address. */
  query: string;
}

function keptViews(kept: unknown): readonly View[] {
  if (!Array.isArray(kept)) return [];
  return kept.filter(
    (view): view is View =>
      typeof view?.name === 'string' && typeof view?.query === 'string' && view.name !== '',
  );
}

export function Views({ filter, change }: { filter: Filter; change: (part: Partial<Filter>) => void }) {
  const t = useTexts(words);
  const language = useLanguage();
  const { value: views, set: setViews, known, problem } = usePreference('views', keptViews);
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const query = toAddress({ ...filter, page: 1 }).toString();
  const current = views.find((view) => view.query === query);

  const replaces = views.some((view) => view.name === name.trim());
  const full = views.length >= MOST && !replaces;

  const save = () => {
    const named = name.trim();
    if (!named || full) return;
    const others = views.filter((view) => view.name !== named);
    setViews([...others, { name: named, query }]);
    setName('');
  };

  const content = (
    <div className={css.views}>
      {views.length === 0 ? <p className={css.none}>{t.none}</p> : null}
      <ul>
        {views.map((view) => (
          <li key={view.name} className={css.view}>
            <button
              type="button"
              className={css.name}
              aria-current={view === current}
              onClick={() => {
                change(fromAddress(new URLSearchParams(view.query)));
                setOpen(false);
              }}
            >
              {view.name}
            </button>
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined />}
              aria-label={t.remove(view.name)}
              onClick={() => setViews(views.filter((other) => other !== view))}
            />
          </li>
        ))}
      </ul>
      <form
        className={css.save}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Input
          aria-label={t.name}
          placeholder={t.name}
          maxLength={40}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="primary" htmlType="submit" disabled={!known || !name.trim() || full}>
          {replaces ? t.replace : t.save}
        </Button>
      </form>
      {full ? <p className={css.none}>{t.full}</p> : null}
      {problem === null ? null : (
        <p className={css.problem} role="alert">
          {t.notKept(failureText(problem, language))}
        </p>
      )}
    </div>
  );

  return (
    <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} content={content}>
      <Button icon={<StarOutlined />} aria-expanded={open}>
        {current?.name ?? t.views}
      </Button>
    </Popover>
  );
}
