// A condition under its name, and those that are chosen from a list.

import { Select } from 'antd';
import { type ReactNode, useId } from 'react';
import { texts, useTexts } from '~/i18n';
import type { Filter } from './filter';
import css from './filter-bar.module.css';

const words = texts({ any: ['不限', 'Any'] });

/** What a part of the bar is given: what is looked for, and how to look for something else. */
export interface PartProps {
  filter: Filter;
  set: (part: Partial<Filter>) => void;
}

interface FieldProps {
  name: string;
  /** It takes the room of two. */
  wide?: boolean;
  children: (id: string) => ReactNode;
}

export function Field({ name, wide = false, children }: FieldProps) {
  const id = useId();
  return (
    <div className={wide ? `${css.field} ${css.wide}` : css.field}>
      <label htmlFor={id}>{name}</label>
      {children(id)}
    </div>
  );
}

interface ChoiceProps<V extends string | number> {
  name: string;
  options: readonly { value: V; label: string }[];
  value: V[];
  set: (value: V[]) => void;
  /** Others than those that are offered may be typed. */
  free?: boolean;
  placeholder?: string;
  disabled?: boolean;
}

/** Some of a list. */
export function Choice<V extends string | number>({
  name,
  options,
  value,
  set,
  free = false,
  placeholder,
  disabled = false,
}: ChoiceProps<V>) {
  const t = useTexts(words);
  return (
    <Field name={name}>
      {(id) => (
        <Select<V[]>
          id={id}
          mode={free ? 'tags' : 'multiple'}
          allowClear
          maxTagCount="responsive"
          placeholder={placeholder ?? t.any}
          disabled={disabled}
          showSearch={{ optionFilterProp: 'label' }}
          popupMatchSelectWidth={false}
          value={value}
          onChange={set}
          options={[...options]}
        />
      )}
    </Field>
  );
}
