import { useInfiniteQuery } from '@tanstack/react-query';
import { App, Button, Drawer, Segmented, Table, Tag } from 'antd';
import { useState } from 'react';
import { asQuery, call, callKey, type Data, failureText, idempotencyKey, queryClient, useAct } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { Empty, Failed, Loading, When } from '~/parts';
import { Link } from '~/session';
import { DELIVERY_STATES, EVENTS, labelled, OTHER_EVENTS } from './events';
import css from './settings.module.css';
import { SUBSCRIPTIONS, type Subscription } from './subscriptions';

type Delivery = Data<'tousu.subscription.deliveries'>['list'][number];

const words = texts({
  state: ['状态', 'State'],
  all: ['全部', 'All'],
  event: ['事件', 'Event'],
  complaint: ['投诉单', 'Complaint'],
  several: ['多件', 'several'],
  created: ['登记', 'Put down'],
  attempts: ['尝试', 'Attempts'],
  next: ['下次', 'next'],
  again: ['重新投递', 'Send again'],
  againOf: (id: string) => [`重新投递 ${id}`, `Send ${id} again`],
  allAgain: (count: number) => [`重新投递已放弃的 ${count} 条`, `Send ${count} given up again`],
  replayed: (count: number) => [`已安排重新投递 ${count} 条`, `${count} will be sent again`],
  none: ['没有投递记录', 'No deliveries'],
  noneHint: [
    '发生要通知的事之后，这里有每条通知和它的每次尝试；保留 30 天。',
    'Each notice and its attempts are here for 30 days, once something has happened.',
  ],
  more: ['更早的', 'Older ones'],
  fine: ['成功', 'fine'],
});

/** How often one looks while something is on its way, and otherwise, in milliseconds. */
const SOON = 2_000;
const LATER = 10_000;

const isUnderWay = ({ state }: Delivery) => state === 'waiting' || state === 'behind';

const COLOURS: Record<string, string> = {
  waiting: 'processing',
  behind: 'processing',
  delivered: 'success',
  given_up: 'error',
  no_news: 'default',
};

interface Props {
  subscription: Subscription;
  title: string;
  onClose: () => void;
}

/** What became of notices, and sending them again. */
export function Deliveries({ subscription, title, onClose }: Props) {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const { subscription_id: id } = subscription;
  const [state, setState] = useState('');
  const asked = { subscription_id: id, page_size: 50, ...(state && { state }) };
  const pages = useInfiniteQuery({
    queryKey: callKey('tousu.subscription.deliveries', asked),
    queryFn: ({ pageParam, ...context }) =>
      call(
        'tousu.subscription.deliveries',
        { ...asked, ...(pageParam && { cursor: pageParam }) },
        asQuery(context),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ list }) => list.some(isUnderWay)) ? SOON : LATER,
  });
  const replay = useAct('tousu.subscription.replay', {
    onSuccess: ({ replayed }) => {
      message.success(t.replayed(replayed));
      queryClient.invalidateQueries({ queryKey: callKey('tousu.subscription.deliveries') });
      queryClient.invalidateQueries({ queryKey: callKey(SUBSCRIPTIONS) });
    },
    onError: (error) => {
      message.error(failureText(error, language));
    },
  });
  const rows = pages.data?.pages.flatMap((page) => page.list) ?? [];
  return (
    <Drawer open title={title} onClose={onClose} size={860}>
      <div className={css.stack}>
        <Segmented
          aria-label={t.state}
          value={state}
          options={[
            { value: '', label: t.all },
            ...[...DELIVERY_STATES.keys()].map((value) => ({
              value,
              label: labelled(DELIVERY_STATES, value, language),
            })),
          ]}
          onChange={setState}
        />
        {subscription.given_up > 0 && (
          <Button
            loading={replay.isPending}
            onClick={() => replay.mutate({ subscription_id: id, idempotency_key: idempotencyKey() })}
          >
            {t.allAgain(subscription.given_up)}
          </Button>
        )}
        {pages.error && !pages.data ? (
          <Failed error={pages.error} retry={pages.refetch} />
        ) : !pages.data ? (
          <Loading />
        ) : rows.length === 0 ? (
          <Empty title={t.none} hint={t.noneHint} />
        ) : (
          <Table<Delivery>
            className={css.full}
            size="small"
            pagination={false}
            scroll={{ x: 'max-content' }}
            rowKey="delivery_id"
            dataSource={rows}
            columns={[
              {
                title: t.event,
                render: (_, row) =>
                  labelled(EVENTS, row.event, language) ??
                  labelled(OTHER_EVENTS, row.event, language) ??
                  row.event,
              },
              {
                title: t.complaint,
                className: css.code,
                render: (_, row) =>
                  row.complaint_id ? (
                    <Link to={`/complaints/${encodeURIComponent(row.complaint_id)}`}>{row.complaint_id}</Link>
                  ) : (
                    <span className={css.soft}>{t.several}</span>
                  ),
              },
              {
                title: t.state,
                render: (_, row) => (
                  <Tag color={COLOURS[row.state] ?? 'default'}>
                    {labelled(DELIVERY_STATES, row.state, language) ?? row.state}
                  </Tag>
                ),
              },
              { title: t.created, render: (_, row) => <When at={row.created_at} /> },
              { title: t.attempts, render: (_, row) => <Attempts delivery={row} /> },
              {
                key: 'again',
                title: '',
                render: (_, row) =>
                  row.state === 'given_up' || row.state === 'delivered' ? (
                    <Button
                      type="link"
                      size="small"
                      disabled={replay.isPending}
                      aria-label={t.againOf(row.delivery_id)}
                      onClick={() =>
                        replay.mutate({
                          subscription_id: id,
                          delivery_ids: [row.delivery_id],
                          idempotency_key: idempotencyKey(),
                        })
                      }
                    >
                      {t.again}
                    </Button>
                  ) : null,
              },
            ]}
          />
        )}
        {pages.hasNextPage && (
          <Button loading={pages.isFetchingNextPage} onClick={() => pages.fetchNextPage()}>
            {t.more}
          </Button>
        )}
      </div>
    </Drawer>
  );
}

function Attempts({ delivery }: { delivery: Delivery }) {
  const t = useTexts(words);
  const last = delivery.tries.at(-1);
  if (!last) return <span className={css.soft}>0</span>;
  return (
    <>
      <div>
        {delivery.attempts} · <When at={last.at} beside={false} />{' '}
        {last.problem ? <span className={css.problem}>{last.problem}</span> : t.fine}
      </div>
      {delivery.next_at && (
        <div className={css.soft}>
          {t.next} <When at={delivery.next_at} />
        </div>
      )}
    </>
  );
}
