// What is looked for, beyond the tab.

import { DownOutlined, UpOutlined } from '@ant-design/icons';
import { Button, type InputRef } from 'antd';
import { type Ref, useState } from 'react';
import { texts, useLanguage, useTexts } from '~/i18n';
import { CHANNELS, choices, SOURCES } from '~/labels';
import { usePhone } from '~/parts';
import { useMemberNames } from '~/session';
import { Choice, type PartProps } from './field';
import { cleared, type Filter, narrowings } from './filter';
import css from './filter-bar.module.css';
import { MoreFields } from './more-fields';
import { SearchBox } from './search-box';

const words = texts({
  filters: ['筛选', 'Filters'],
  channel: ['渠道', 'Channel'],
  source: ['来源', 'Source'],
  assignee: ['处理人', 'Assignee'],
  unassigned: ['未分派', 'Unassigned'],
  more: ['更多筛选', 'More'],
  moreOf: (n: number) => [`更多筛选 · ${n}`, `More · ${n}`],
  less: ['收起', 'Less'],
  reset: ['重置', 'Reset'],
});

export interface FilterBarProps {
  filter: Filter;
  change: (part: Partial<Filter>) => void;
  search: Ref<InputRef>;
}

export function FilterBar({ filter, change, search }: FilterBarProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const phone = usePhone();
  const hidden = narrowings({ ...filter, ...SEARCHED, ...(phone ? {} : CHOSEN) });
  const [wide, setWide] = useState(() => hidden > 0);
  const set = (part: Partial<Filter>) => change({ ...part, page: 1 });
  // On a phone they would leave no room for the list.
  const often = (
    <>
      <Choice
        name={t.channel}
        options={choices(CHANNELS, language)}
        value={filter.channel}
        set={(channel) => set({ channel })}
      />
      <Choice
        name={t.source}
        options={choices(SOURCES, language)}
        value={filter.source}
        set={(source) => set({ source })}
      />
      <Assignees filter={filter} set={set} />
    </>
  );
  return (
    <search className={css.bar} aria-label={t.filters}>
      <div className={css.first}>
        <SearchBox filter={filter} set={set} search={search} />
        {phone ? null : often}
        <div className={css.buttons}>
          <Button
            type="text"
            icon={wide ? <UpOutlined /> : <DownOutlined />}
            iconPlacement="end"
            aria-expanded={wide}
            onClick={() => setWide(!wide)}
          >
            {wide ? t.less : hidden > 0 ? t.moreOf(hidden) : t.more}
          </Button>
          {narrowings(filter) > 0 ? (
            <Button type="link" onClick={() => change(cleared(filter))}>
              {t.reset}
            </Button>
          ) : null}
        </div>
      </div>
      {wide ? (
        <MoreFields filter={filter} set={set}>
          {phone ? often : null}
        </MoreFields>
      ) : null}
    </search>
  );
}

/** Conditions that are always to be seen, whatever is folded away. */
const SEARCHED = { text: '', order: '', phone: '' };
/** And those that are where there is room. */
const CHOSEN = { channel: [], source: [], assignee: [] };

function Assignees({ filter, set }: PartProps) {
  const t = useTexts(words);
  const names = useMemberNames(filter.assignee);
  return (
    <Choice
      name={t.assignee}
      free
      options={names.map((value) => ({ value, label: value }))}
      value={filter.assignee}
      set={(assignee) => set({ assignee })}
      disabled={filter.unassigned}
      {...(filter.unassigned && { placeholder: t.unassigned })}
    />
  );
}
