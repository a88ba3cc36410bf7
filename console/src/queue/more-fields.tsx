// The conditions that are asked for less often.

import { Checkbox, Select, Skeleton } from 'antd';
import { lazy, type ReactNode, Suspense } from 'react';
import { useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { choices, OVERTIME, STATES, STEPS } from '~/labels';
import { Choice, Field, type PartProps } from './field';
import css from './filter-bar.module.css';

const Range = lazy(() => import('./range'));

const words = texts({
  state: ['状态', 'State'],
  step: ['步骤', 'Step'],
  tag: ['标签', 'Tags'],
  overtime: ['是否超时', 'Overtime'],
  any: ['不限', 'Any'],
  hour: ['投诉时段', 'Hour of day'],
  atHour: (hour: number) => [`${hour} 时`, `${hour}:00–${hour}:59`],
  time: ['投诉时间', 'Complained'],
  due: ['处理时限', 'Due'],
  unassigned: ['未分派', 'Unassigned'],
});

const HOURS = [...Array(24).keys()];

export function MoreFields({ filter, set, children }: PartProps & { children: ReactNode }) {
  const t = useTexts(words);
  const language = useLanguage();
  const offered = useCall('tousu.settings.get', {}, { staleTime: 60_000 }).data?.tags ?? [];
  const tags = [...new Set([...offered, ...filter.tag])];
  return (
    <div className={css.row}>
      {children}
      {filter.tab === 'all' ? (
        <Choice
          name={t.state}
          options={choices(STATES, language)}
          value={filter.state}
          set={(state) => set({ state })}
        />
      ) : null}
      <Choice
        name={t.step}
        options={choices(STEPS, language)}
        value={filter.step}
        set={(step) => set({ step })}
      />
      <Choice
        name={t.tag}
        free
        options={tags.map((value) => ({ value, label: value }))}
        value={filter.tag}
        set={(tag) => set({ tag })}
      />
      {filter.tab === 'overdue' ? null : (
        <Field name={t.overtime}>
          {(id) => (
            <Select<number>
              id={id}
              allowClear
              placeholder={t.any}
              value={filter.overtime || null}
              onChange={(overtime) => set({ overtime: overtime === 1 || overtime === 2 ? overtime : 0 })}
              options={choices(OVERTIME, language)}
            />
          )}
        </Field>
      )}
      <Choice
        name={t.hour}
        options={HOURS.map((value) => ({ value, label: t.atHour(value) }))}
        value={filter.hour}
        set={(hour) => set({ hour })}
      />
      <Suspense fallback={<Skeleton.Input active />}>
        <Field name={t.time} wide>
          {(id) => (
            <Range
              id={id}
              label={t.time}
              looking="back"
              from={filter.from}
              to={filter.to}
              onChange={(from, to) => set({ from, to })}
            />
          )}
        </Field>
        <Field name={t.due} wide>
          {(id) => (
            <Range
              id={id}
              label={t.due}
              looking="ahead"
              from={filter.dueFrom}
              to={filter.dueTo}
              onChange={(dueFrom, dueTo) => set({ dueFrom, dueTo })}
            />
          )}
        </Field>
      </Suspense>
      <div className={css.check}>
        <Checkbox
          checked={filter.unassigned}
          onChange={(event) => set({ unassigned: event.target.checked, assignee: [] })}
        >
          {t.unassigned}
        </Checkbox>
      </div>
    </div>
  );
}
