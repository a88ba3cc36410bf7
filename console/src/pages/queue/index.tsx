// The home page: what waits, the most urgent first.

import { DownloadOutlined, QuestionCircleOutlined, ReloadOutlined } from '@ant-design/icons';
import { Button, Checkbox, type InputRef, Pagination, Select, Spin } from 'antd';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { SearchRow } from '~/api';
import { texts, useTexts } from '~/i18n';
import { Empty, Failed, Loading, PageHeader, useKeys, usePhone } from '~/parts';
import { QueueCards } from '~/queue/cards';
import { ColumnChooser } from '~/queue/column-chooser';
import { keptColumns } from '~/queue/columns';
import {
  cleared,
  DEEPEST_ROW,
  type Filter,
  fromAddress,
  narrowed,
  PAGE_SIZES,
  type Sort,
  sortsOf,
  toAddress,
} from '~/queue/filter';
import { FilterBar } from '~/queue/filter-bar';
import type { Waiting } from '~/queue/merge';
import { QueueTable } from '~/queue/table';
import { Tabs } from '~/queue/tabs';
import { useQueue } from '~/queue/use-queue';
import { Views } from '~/queue/views';
import { usePreference, useSession } from '~/session';
import css from './queue.module.css';

const ComplaintDrawer = lazy(() => import('~/complaint/drawer'));
const BatchBar = lazy(() => import('~/batch/bar'));
const KeyHelp = lazy(() => import('~/queue/key-help'));
const ExportDialog = lazy(() => import('~/batch/export'));

const words = texts({
  title: ['投诉队列', 'Complaint queue'],
  sort: ['排序', 'Order'],
  deadline: ['最急的在前', 'Most urgent first'],
  complaint_time: ['最新投诉在前', 'Newest first'],
  changed: ['最近变更在前', 'Last changed first'],
  export: ['导出', 'Export'],
  refresh: ['刷新', 'Refresh'],
  keys: ['键盘快捷键', 'Keyboard shortcuts'],
  selectPage: ['选择本页', 'Select this page'],
  list: ['投诉列表', 'Complaints'],
  total: (n: number) => [`共 ${n.toLocaleString('en')} 条`, `${n.toLocaleString('en')} in all`],
  deepest: (n: number) => [
    `页码只到第 ${n.toLocaleString('en')} 条，请用筛选缩小范围`,
    `Pages go to row ${n.toLocaleString('en')}: narrow the filter to see the rest`,
  ],
  came: (n: number) => [`${n} 条新进入`, `${n} came in`],
  left: (n: number) => [`${n} 条已不在本页`, `${n} no longer on this page`],
  moved: ['顺序有变化', 'The order has changed'],
  show: ['点击刷新列表', 'Press to show'],
  stale: ['没有更新成功，显示的是之前的内容', 'Not updated: this is from before'],
  none: ['没有符合条件的投诉', 'Nothing matches'],
  noneHint: ['换个条件，或清除筛选看看。', 'Try other conditions, or clear the filter.'],
  clear: ['清除筛选', 'Clear the filter'],
  calm: ['这里清空了', 'All clear'],
  calmHint: ['没有投诉在等。新投诉会自动出现。', 'Nothing waits. New complaints appear by themselves.'],
  first: ['回到第一页', 'Back to the first page'],
  beyond: ['这一页已经没有内容', 'There is nothing on this page any more'],
});

const rowOf = (id: string) => `[data-row="${CSS.escape(id)}"]`;

export default function QueuePage() {
  const t = useTexts(words);
  const { can } = useSession();
  const phone = usePhone();
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => fromAddress(search), [search]);
  const open = search.get('open');

  const [columns, setColumns, columnsKnown] = usePreference('columns', keptColumns);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState<string | null>(null);
  const [exporting, setExporting] = useState(false);
  const [helping, setHelping] = useState(false);
  const pointed = useRef(false);
  const searchBox = useRef<InputRef>(null);

  const isReading = useCallback(
    () => scrollY > 80 || open !== null || selected.size > 0 || pointed.current || at !== null,
    [open, selected, at],
  );
  const queue = useQueue(filter, isReading);
  const { shown, catchUp } = queue;

  const go = useCallback(
    (next: Filter, openId: string | null = null, replace = false) => {
      setSearch(
        (before) => {
          const after = toAddress(next);
          const shop = before.get('shop');
          if (shop) after.set('shop', shop);
          if (openId) after.set('open', openId);
          return after;
        },
        { replace },
      );
    },
    [setSearch],
  );
  const change = useCallback(
    (next: Filter) => {
      setAt(null);
      // A selection is of what one saw; another page of it may be added to, another filter not.
      if (JSON.stringify({ ...next, page: 1 }) !== JSON.stringify({ ...filter, page: 1 }))
        setSelected(new Set());
      go(next);
      scrollTo({ top: 0 });
    },
    [filter, go],
  );
  const choose = useCallback(
    (id: string | null) => {
      if (id) setAt(id);
      // From one complaint to the next is one step back, not many.
      go(filter, id, open !== null && id !== null);
    },
    [filter, go, open],
  );
  const href = useCallback((row: SearchRow) => `/complaints/${encodeURIComponent(row.complaint_id)}`, []);
  const marks = useMemo(
    () => ({ gone: shown.gone, fresh: shown.fresh, href }),
    [shown.gone, shown.fresh, href],
  );

  // Whoever closed the complaint sees the list as it is.
  const [opened, setOpened] = useState(false);
  const wasOpen = useRef(open);
  useEffect(() => {
    if (wasOpen.current && !open) {
      catchUp();
      document.querySelector(rowOf(wasOpen.current))?.querySelector('a')?.focus({ preventScroll: true });
    }
    wasOpen.current = open;
    // From then on it is there, and slides away when it is closed.
    if (open) setOpened(true);
  }, [open, catchUp]);

  const step = (by: 1 | -1) => {
    const { rows } = shown;
    const here = rows.findIndex((row) => row.complaint_id === (open ?? at));
    const there = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
    if (!there) return;
    setAt(there.complaint_id);
    const row = document.querySelector(rowOf(there.complaint_id));
    row?.scrollIntoView({ block: 'nearest' });
    if (open) choose(there.complaint_id);
    // The focus goes along, so that a screen reader tells where one is.
    else row?.querySelector('a')?.focus({ preventScroll: true });
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    enter: () => at && choose(at),
    '/': () => searchBox.current?.focus({ cursor: 'all' }),
    '?': () => setHelping(true),
    x: () => {
      if (!at || !can('投诉管理-处理')) return;
      const after = new Set(selected);
      if (!after.delete(at)) after.add(at);
      setSelected(after);
    },
    escape: () => (open ? choose(null) : setAt(null)),
  });

  /** What came pushes others to the next page: of those nothing need be said. */
  const waitingText = ({ came, left }: Waiting) =>
    came > 0 ? t.came(came) : left > 0 ? t.left(left) : t.moved;

  const List = phone ? QueueCards : QueueTable;
  return (
    <>
      <PageHeader title={t.title}>
        <Views filter={filter} change={change} />
        <Button icon={<DownloadOutlined />} onClick={() => setExporting(true)}>
          {t.export}
        </Button>
        {phone ? null : (
          <>
            <ColumnChooser chosen={columns} choose={setColumns} disabled={!columnsKnown} />
            <Button
              icon={<QuestionCircleOutlined />}
              aria-label={t.keys}
              title={`${t.keys} ?`}
              onClick={() => setHelping(true)}
            />
          </>
        )}
      </PageHeader>
      <Tabs
        tab={filter.tab}
        choose={(tab) => change({ ...filter, tab, state: [], sort: sortsOf(tab)[0] ?? 'changed', page: 1 })}
      />
      <FilterBar filter={filter} change={change} search={searchBox} />
      <div className={css.tools}>
        {can('投诉管理-处理') && shown.rows.length > 0 ? (
          <SelectPage rows={shown.rows} selected={selected} select={setSelected} />
        ) : null}
        <span className={css.total} aria-live="polite">
          {queue.total === null ? null : t.total(queue.total)}
          {queue.error && !queue.old ? <span className={css.stale}>{t.stale}</span> : null}
        </span>
        <Select<Sort>
          aria-label={t.sort}
          variant="borderless"
          value={filter.sort}
          popupMatchSelectWidth={false}
          onChange={(sort) => change({ ...filter, sort, page: 1 })}
          options={sortsOf(filter.tab).map((value) => ({ value, label: t[value] }))}
        />
        <Button type="text" icon={<ReloadOutlined />} aria-label={t.refresh} onClick={queue.refresh} />
      </div>
      <div className={css.waiting} role="status">
        {shown.waiting ? (
          <button type="button" onClick={catchUp}>
            {waitingText(shown.waiting)}
            <strong>{t.show}</strong>
          </button>
        ) : null}
      </div>
      <section
        aria-label={t.list}
        aria-busy={queue.old && !queue.error}
        onPointerEnter={(event) => {
          pointed.current = event.pointerType === 'mouse';
        }}
        onPointerLeave={() => {
          pointed.current = false;
        }}
      >
        {queue.error && (queue.old || shown.rows.length === 0) ? (
          <Failed error={queue.error} retry={queue.refresh} />
        ) : queue.pending || (queue.old && shown.rows.length === 0) ? (
          <Loading lines={10} />
        ) : shown.rows.length === 0 ? (
          <NothingHere filter={filter} change={change} />
        ) : (
          <Spin spinning={queue.old} delay={300}>
            <List
              rows={shown.rows}
              marks={marks}
              columns={columns}
              at={at}
              open={open}
              selected={can('投诉管理-处理') ? selected : null}
              select={setSelected}
              choose={choose}
            />
          </Spin>
        )}
      </section>
      {shown.rows.length > 0 ? <Pager filter={filter} total={queue.total} change={change} /> : null}
      {/* Each waits for itself: what is there already does not go away meanwhile. */}
      <Suspense fallback={null}>
        {selected.size > 0 ? (
          <BatchBar
            filter={filter}
            total={queue.total}
            selected={selected}
            select={setSelected}
            done={queue.refresh}
          />
        ) : null}
      </Suspense>
      <Suspense fallback={null}>
        {open !== null || opened ? (
          <ComplaintDrawer id={open} close={() => choose(null)} step={step} />
        ) : null}
      </Suspense>
      <Suspense fallback={null}>{helping ? <KeyHelp close={() => setHelping(false)} /> : null}</Suspense>
      <Suspense fallback={null}>
        {exporting ? <ExportDialog filter={filter} close={() => setExporting(false)} /> : null}
      </Suspense>
    </>
  );
}

/** A box for all that are on the page. */
function SelectPage({
  rows,
  selected,
  select,
}: {
  rows: readonly SearchRow[];
  selected: ReadonlySet<string>;
  select: (ids: ReadonlySet<string>) => void;
}) {
  const t = useTexts(words);
  const here = rows.filter((row) => selected.has(row.complaint_id)).length;
  const toggle = (on: boolean) => {
    const after = new Set(selected);
    for (const { complaint_id } of rows) {
      if (on) after.add(complaint_id);
      else after.delete(complaint_id);
    }
    select(after);
  };
  return (
    <Checkbox
      className={css.page}
      checked={here === rows.length}
      indeterminate={here > 0 && here < rows.length}
      onChange={(event) => toggle(event.target.checked)}
    >
      {t.selectPage}
    </Checkbox>
  );
}

function NothingHere({ filter, change }: { filter: Filter; change: (filter: Filter) => void }) {
  const t = useTexts(words);
  if (filter.page > 1) {
    return (
      <Empty title={t.beyond}>
        <Button onClick={() => change({ ...filter, page: 1 })}>{t.first}</Button>
      </Empty>
    );
  }
  if (!narrowed(filter)) return <Empty title={t.calm} hint={t.calmHint} />;
  return (
    <Empty title={t.none} hint={t.noneHint}>
      <Button onClick={() => change(cleared(filter))}>{t.clear}</Button>
    </Empty>
  );
}

function Pager({
  filter,
  total,
  change,
}: {
  filter: Filter;
  total: number | null;
  change: (filter: Filter) => void;
}) {
  const t = useTexts(words);
  const phone = usePhone();
  const reachable = Math.min(total ?? filter.page * filter.size, DEEPEST_ROW);
  return (
    <div className={css.pager}>
      {total !== null && total > DEEPEST_ROW ? (
        <span className={css.deepest}>{t.deepest(DEEPEST_ROW)}</span>
      ) : null}
      <Pagination
        size={phone ? 'small' : 'medium'}
        simple={phone}
        current={filter.page}
        pageSize={filter.size}
        total={reachable}
        showSizeChanger={!phone}
        showQuickJumper={!phone && reachable > filter.size * 5}
        pageSizeOptions={[...PAGE_SIZES]}
        onChange={(page, size) => change({ ...filter, page: size === filter.size ? page : 1, size })}
      />
    </div>
  );
}
