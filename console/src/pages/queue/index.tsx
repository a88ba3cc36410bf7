// The home page: what waits, the most urgent first.

import { DownloadOutlined, QuestionCircleOutlined, ReloadOutlined } from '@ant-design/icons';
import { Button, type InputRef, Select } from 'antd';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { SearchRow } from '~/api';
import { texts, useTexts } from '~/i18n';
import { Failed, Loading, PageHeader, useKeys, usePhone } from '~/parts';
import { QueueCards } from '~/queue/cards';
import { ColumnChooser } from '~/queue/column-chooser';
import { keptColumns } from '~/queue/columns';
import { type Filter, type Sort, sortsOf } from '~/queue/filter';
import { FilterBar } from '~/queue/filter-bar';
import { NothingHere } from '~/queue/nothing-here';
import { Pager } from '~/queue/pager';
import { SelectPage } from '~/queue/select-page';
import { having, NOTHING } from '~/queue/selection';
import { QueueTable } from '~/queue/table';
import { Tabs } from '~/queue/tabs';
import { useQueueAddress } from '~/queue/use-address';
import { useInParts } from '~/queue/use-in-parts';
import { useQueue } from '~/queue/use-queue';
import { Views } from '~/queue/views';
import { WaitingLine } from '~/queue/waiting-line';
import { usePreference, useSession, useShopAddress } from '~/session';
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
  list: ['投诉列表', 'Complaints'],
  total: (n: number) => [`共 ${n.toLocaleString('en')} 条`, `${n.toLocaleString('en')} in all`],
  stale: ['没有更新成功，显示的是之前的内容', 'Not updated: this is from before'],
});

const rowOf = (id: string) => document.querySelector(`[data-row="${CSS.escape(id)}"]`);

/** Whether the focus is nowhere, in the drawer that is about to go, or still at the complaint that was opened first. */
const isLost = (focused: Element | null) =>
  focused === null || focused === document.body || focused.closest('[role="dialog"], [data-row]') !== null;

export default function QueuePage() {
  const t = useTexts(words);
  const { can } = useSession();
  const handles = can('投诉管理-处理');
  const phone = usePhone();
  const address = useShopAddress();
  const { filter, open, change, choose } = useQueueAddress();

  const { value: columns, set: setColumns, known: columnsKnown } = usePreference('columns', keptColumns);
  const [selected, setSelected] = useState(NOTHING);
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
  const drawn = useInParts(shown.rows, queue.id);

  // A selection is of what one saw; another page of it may be added to, another filter not.
  const foundBy = JSON.stringify({ ...filter, page: 1 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter is what ends it, however it came to change
  useEffect(() => setSelected(NOTHING), [foundBy]);
  const lookFor = useCallback(
    (part: Partial<Filter>) => {
      setAt(null);
      change(part);
      scrollTo({ top: 0 });
    },
    [change],
  );
  const openOne = useCallback(
    (id: string) => {
      setAt(id);
      choose(id);
    },
    [choose],
  );
  const close = useCallback(() => choose(null), [choose]);
  const href = useCallback(
    (row: SearchRow) => address(`/complaints/${encodeURIComponent(row.complaint_id)}`),
    [address],
  );
  const marks = useMemo(
    () => ({ gone: shown.gone, fresh: shown.fresh, href }),
    [shown.gone, shown.fresh, href],
  );

  // Whoever closed the complaint sees the list as it is.
  const [opened, setOpened] = useState(false);
  const wasOpen = useRef(open);
  const shownLast = useRef(open);
  useEffect(() => {
    if (wasOpen.current && !open) catchUp();
    wasOpen.current = open;
    if (!open) return;
    shownLast.current = open;
    // From then on it is there, and slides away when it is closed.
    setOpened(true);
  }, [open, catchUp]);
  // As long as the drawer is there, it keeps the focus to itself. Unless one has gone on to something else by then.
  const refocus = () => {
    if (shownLast.current && isLost(document.activeElement)) {
      rowOf(shownLast.current)?.querySelector('a')?.focus({ preventScroll: true });
    }
  };

  const step = (by: 1 | -1) => {
    const { rows } = shown;
    // Keys come faster than the address follows.
    const here = rows.findIndex((row) => row.complaint_id === (at ?? open));
    const there = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
    if (!there) return;
    const { complaint_id: id } = there;
    setAt(id);
    const row = rowOf(id);
    row?.scrollIntoView({ block: 'nearest' });
    if (open) choose(id);
    // The focus goes along, so that a screen reader tells where one is.
    else row?.querySelector('a')?.focus({ preventScroll: true });
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    enter: () => at && openOne(at),
    '/': () => searchBox.current?.focus({ cursor: 'all' }),
    '?': () => setHelping(true),
    x: () => at && handles && setSelected((before) => having(before, [at], !before.has(at))),
    escape: () => (open ? close() : setAt(null)),
  });

  const List = phone ? QueueCards : QueueTable;
  const isLate = queue.old && !queue.error;
  return (
    <>
      <PageHeader title={t.title}>
        <Views filter={filter} change={lookFor} />
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
        choose={(tab) => lookFor({ tab, state: [], sort: sortsOf(tab)[0] ?? 'changed', page: 1 })}
      />
      <FilterBar filter={filter} change={lookFor} search={searchBox} />
      <div className={css.tools}>
        {handles && shown.rows.length > 0 ? (
          <SelectPage className={css.page} rows={shown.rows} selected={selected} select={setSelected} />
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
          onChange={(sort) => lookFor({ sort, page: 1 })}
          options={sortsOf(filter.tab).map((value) => ({ value, label: t[value] }))}
        />
        <Button type="text" icon={<ReloadOutlined />} aria-label={t.refresh} onClick={queue.refresh} />
      </div>
      <WaitingLine
        waiting={shown.waiting}
        elsewhere={queue.elsewhere}
        show={catchUp}
        newest={() => lookFor({ sort: 'complaint_time', page: 1 })}
      />
      <section
        className={css.list}
        aria-label={t.list}
        aria-busy={isLate}
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
          <NothingHere filter={filter} change={lookFor} />
        ) : (
          <List
            rows={drawn}
            marks={marks}
            columns={columns}
            at={at}
            open={open}
            selected={handles ? selected : null}
            select={setSelected}
            choose={openOne}
          />
        )}
      </section>
      {shown.rows.length > 0 ? <Pager filter={filter} total={queue.total} change={lookFor} /> : null}
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
          <ComplaintDrawer id={open} close={close} closed={refocus} step={step} />
        ) : null}
      </Suspense>
      <Suspense fallback={null}>{helping ? <KeyHelp close={() => setHelping(false)} /> : null}</Suspense>
      <Suspense fallback={null}>
        {exporting ? <ExportDialog filter={filter} close={() => setExporting(false)} /> : null}
      </Suspense>
    </>
  );
}
