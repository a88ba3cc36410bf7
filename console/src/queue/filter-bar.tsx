// What is looked for, beyond the tab.

import { DownOutlined, UpOutlined } from '@ant-design/icons';
import { Button, Checkbox, type InputRef, Select, Skeleton } from 'antd';
// Alone: the other kinds of input come with the pages that have them.
import Search from 'antd/es/input/Search';
import { lazy, type ReactNode, type Ref, Suspense, useEffect, useId, useState } from 'react';
import { useCall } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { CHANNELS, choices, OVERTIME, SOURCES, STATES, STEPS } from '~/labels';
import { useSession } from '~/session';
import { cleared, type Filter, narrowings } from './filter';
import css from './filter-bar.module.css';

const Range = lazy(() => import('./range'));

const words = texts({
  filters: ['筛选', 'Filters'],
  kind: ['搜索范围', 'Look in'],
  text: ['问题描述', 'Reason'],
  order: ['订单/资源', 'Order'],
  phone: ['手机后四位', 'Phone’s last 4'],
  textHint: ['搜索问题描述，至少 2 个字', 'Search reasons: 2 characters at least'],
  orderHint: ['完整的订单号或资源编号', 'The whole number of an order or resource'],
  phoneHint: ['手机号后四位数字', 'Last four digits'],
  channel: ['渠道', 'Channel'],
  source: ['来源', 'Source'],
  state: ['状态', 'State'],
  step: ['步骤', 'Step'],
  assignee: ['处理人', 'Assignee'],
  unassigned: ['未分派', 'Unassigned'],
  tag: ['标签', 'Tags'],
  overtime: ['是否超时', 'Overtime'],
  hour: ['投诉时段', 'Hour of day'],
  atHour: (hour: number) => [`${hour} 时`, `${hour}:00–${hour}:59`],
  time: ['投诉时间', 'Complained'],
  due: ['处理时限', 'Due'],
  more: ['更多筛选', 'More'],
  moreOf: (n: number) => [`更多筛选 · ${n}`, `More · ${n}`],
  less: ['收起', 'Less'],
  reset: ['重置', 'Reset'],
  any: ['不限', 'Any'],
});

const HOURS = [...Array(24).keys()];

interface FieldProps {
  name: string;
  /** It takes the room of two. */
  wide?: boolean;
  children: (id: string) => ReactNode;
}

type Kind = 'text' | 'order' | 'phone';
const KINDS: readonly Kind[] = ['text', 'order', 'phone'];

function Field({ name, wide = false, children }: FieldProps) {
  const id = useId();
  return (
    <div className={wide ? `${css.field} ${css.wide}` : css.field}>
      <label htmlFor={id}>{name}</label>
      {children(id)}
    </div>
  );
}

export interface FilterBarProps {
  filter: Filter;
  change: (filter: Filter) => void;
  search: Ref<InputRef>;
}

export function FilterBar({ filter, change, search }: FilterBarProps) {
  const t = useTexts(words);
  const count = narrowings(filter);
  const hidden = hiddenOnes(filter);
  const [wide, setWide] = useState(() => hiddenOnes(filter) > 0);
  const set = (part: Partial<Filter>) => change({ ...filter, ...part, page: 1 });
  return (
    <search className={css.bar} aria-label={t.filters}>
      <div className={css.first}>
        <SearchBox filter={filter} set={set} search={search} />
        <CodeSelect
          name={t.channel}
          table={CHANNELS}
          value={filter.channel}
          set={(channel) => set({ channel })}
        />
        <CodeSelect name={t.source} table={SOURCES} value={filter.source} set={(source) => set({ source })} />
        <Assignees filter={filter} set={set} />
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
          {count > 0 ? (
            <Button type="link" onClick={() => change(cleared(filter))}>
              {t.reset}
            </Button>
          ) : null}
        </div>
      </div>
      {wide ? <MoreFields filter={filter} set={set} /> : null}
    </search>
  );
}

/** How many conditions there are that the short bar does not show. */
const hiddenOnes = (filter: Filter): number =>
  narrowings({ ...filter, text: '', order: '', phone: '', channel: [], source: [], assignee: [] });

interface PartProps {
  filter: Filter;
  set: (part: Partial<Filter>) => void;
}

function SearchBox({ filter, set, search }: PartProps & { search: Ref<InputRef> }) {
  const t = useTexts(words);
  const inForce = KINDS.find((kind) => filter[kind]) ?? 'text';
  const [kind, setKind] = useState<Kind>(inForce);
  const [typed, setTyped] = useState(filter[inForce]);

  // The address may change by other ways: a saved view, the way back.
  useEffect(() => {
    setKind(inForce);
    setTyped(filter[inForce]);
  }, [inForce, filter[inForce]]);

  const apply = (text: string, as: Kind = kind) => set({ text: '', order: '', phone: '', [as]: text.trim() });
  const tooShort = typed !== '' && (kind === 'text' ? typed.trim().length < 2 : false);
  const wrong = kind === 'phone' && typed !== '' && !/^\d{4}$/.test(typed.trim());
  return (
    <div className={css.search}>
      <Select<Kind>
        aria-label={t.kind}
        value={kind}
        popupMatchSelectWidth={false}
        onChange={(to) => {
          setKind(to);
          if (typed) apply('', to);
          setTyped('');
        }}
        options={KINDS.map((value) => ({ value, label: t[value] }))}
      />
      <Search
        ref={search}
        aria-label={t[kind]}
        allowClear
        value={typed}
        status={tooShort || wrong ? 'warning' : ''}
        placeholder={kind === 'text' ? t.textHint : kind === 'order' ? t.orderHint : t.phoneHint}
        maxLength={kind === 'text' ? 100 : kind === 'order' ? 256 : 4}
        inputMode={kind === 'phone' ? 'numeric' : 'text'}
        onChange={(event) => setTyped(event.target.value)}
        onSearch={(text, _, info) => {
          if (info?.source === 'clear' || (!tooShort && !wrong)) apply(text);
        }}
      />
    </div>
  );
}

function CodeSelect({
  name,
  table,
  value,
  set,
}: {
  name: string;
  table: Parameters<typeof choices>[0];
  value: number[];
  set: (value: number[]) => void;
}) {
  const t = useTexts(words);
  const language = useLanguage();
  return (
    <Field name={name}>
      {(id) => (
        <Select
          id={id}
          mode="multiple"
          allowClear
          maxTagCount="responsive"
          placeholder={t.any}
          showSearch={{ optionFilterProp: 'label' }}
          popupMatchSelectWidth={false}
          value={value}
          onChange={set}
          options={choices(table, language)}
        />
      )}
    </Field>
  );
}

function Assignees({ filter, set }: PartProps) {
  const t = useTexts(words);
  const { user } = useSession();
  const names = useCall('tousu.member.names', {}, { staleTime: 300_000 }).data?.list ?? [];
  const own = user.name || user.login;
  const listed = [...new Set([own, ...names.map(({ login, name }) => name || login), ...filter.assignee])];
  return (
    <Field name={t.assignee}>
      {(id) => (
        <Select
          id={id}
          mode="tags"
          allowClear
          maxTagCount="responsive"
          placeholder={filter.unassigned ? t.unassigned : t.any}
          disabled={filter.unassigned}
          value={filter.assignee}
          onChange={(assignee) => set({ assignee })}
          options={listed.map((value) => ({ value, label: value }))}
        />
      )}
    </Field>
  );
}

function MoreFields({ filter, set }: PartProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const offered = useCall('tousu.settings.get', {}, { staleTime: 60_000 }).data?.tags ?? [];
  const tags = [...new Set([...offered, ...filter.tag])];
  return (
    <div className={css.row}>
      {filter.tab === 'all' ? (
        <CodeSelect name={t.state} table={STATES} value={filter.state} set={(state) => set({ state })} />
      ) : null}
      <CodeSelect name={t.step} table={STEPS} value={filter.step} set={(step) => set({ step })} />
      <Field name={t.tag}>
        {(id) => (
          <Select
            id={id}
            mode="tags"
            allowClear
            maxTagCount="responsive"
            placeholder={t.any}
            value={filter.tag}
            onChange={(tag) => set({ tag })}
            options={tags.map((value) => ({ value, label: value }))}
          />
        )}
      </Field>
      {filter.tab === 'overdue' ? null : (
        <Field name={t.overtime}>
          {(id) => (
            <Select<0 | 1 | 2>
              id={id}
              allowClear
              placeholder={t.any}
              value={filter.overtime || null}
              onChange={(overtime) => set({ overtime: overtime ?? 0 })}
              options={choices(OVERTIME, language) as { value: 1 | 2; label: string }[]}
            />
          )}
        </Field>
      )}
      <Field name={t.hour}>
        {(id) => (
          <Select
            id={id}
            mode="multiple"
            allowClear
            maxTagCount="responsive"
            placeholder={t.any}
            value={filter.hour}
            onChange={(hour) => set({ hour })}
            options={HOURS.map((value) => ({ value, label: t.atHour(value) }))}
          />
        )}
      </Field>
      <Suspense fallback={<Skeleton.Input active />}>
        <Field name={t.time} wide>
          {(id) => (
            <Range
              id={id}
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
