// Whose a complaint is, and its tags, to be chosen from what the shop has.

import { Select } from 'antd';
import { useCall } from '~/api';
import { texts, useTexts } from '~/i18n';
import { useMemberNames } from '~/session';
import css from './pickers.module.css';

const words = texts({
  assignee: ['处理人', 'Assignee'],
  nobody: ['未分派', 'Nobody'],
  tags: ['标签', 'Tags'],
});

const MOST_TAGS = 20;
const MOST_CHARACTERS = 64;

export interface AssigneeSelectProps {
  id?: string;
  value: string;
  choose: (assignee: string) => void;
}

/** Whose work it is: a member, or nobody. */
export function AssigneeSelect({ id, value, choose }: AssigneeSelectProps) {
  const t = useTexts(words);
  const names = useMemberNames([value]);
  return (
    <Select
      id={id}
      className={css.assignee}
      aria-label={t.assignee}
      showSearch
      allowClear
      placeholder={t.nobody}
      value={value || null}
      popupMatchSelectWidth={false}
      onChange={(assignee) => choose(assignee ?? '')}
      options={names.map((name) => ({ value: name, label: name }))}
    />
  );
}

export interface TagSelectProps {
  id?: string;
  value: readonly string[];
  change: (add: string[], remove: string[]) => void;
}

/** Tags: those that the shop offers, and any other. */
export function TagSelect({ id, value, change }: TagSelectProps) {
  const t = useTexts(words);
  const offered = useCall('tousu.settings.get', {}, { staleTime: 60_000 }).data?.tags ?? [];
  return (
    <Select<string[]>
      id={id}
      className={css.tags}
      mode="tags"
      aria-label={t.tags}
      placeholder={t.tags}
      maxCount={MOST_TAGS}
      value={[...value]}
      onChange={(tags) => {
        const named = tags.map((tag) => [...tag.trim()].slice(0, MOST_CHARACTERS).join('')).filter(Boolean);
        const add = named.filter((tag) => !value.includes(tag));
        const remove = value.filter((tag) => !named.includes(tag));
        if (add.length + remove.length > 0) change(add, remove);
      }}
      options={[...new Set([...offered, ...value])].map((tag) => ({ value: tag, label: tag }))}
    />
  );
}
