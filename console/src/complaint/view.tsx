// Everything about one complaint, in a drawer or on a page of its own.

import { CloseOutlined, DownOutlined, ExpandAltOutlined, UpOutlined } from '@ant-design/icons';
import { Button, Tooltip } from 'antd';
import { useEffect, useRef } from 'react';
import { CODE, isCode, useCall } from '~/api';
import { texts, useTexts } from '~/i18n';
import { useNow } from '~/live';
import { ChannelTag, Copy, Empty, Failed, Loading, StateTag, useKeys } from '~/parts';
import { Messages } from '~/parts/messages';
import { Link, useSession } from '~/session';
import { ActionBar } from './action-bar';
import { type Allowed, allowed } from './actions';
import { Composer, type ComposerHandle } from './composer';
import { DeadlineBar } from './deadline-bar';
import { Facts } from './facts';
import { Happened } from './happened';
import { Pictures } from './pictures-view';
import { Similar } from './similar';
import { Timeline } from './timeline';
import { useActs } from './use-acts';
import { useComplaint } from './use-complaint';
import css from './view.module.css';

const words = texts({
  close: ['关闭', 'Close'],
  next: ['下一条', 'Next'],
  previous: ['上一条', 'Previous'],
  ownPage: ['在单独页面打开', 'Open on a page of its own'],
  none: ['没有这张投诉单', 'There is no such complaint'],
  noneHint: [
    '单号可能写错了，或它属于另一个店铺。',
    'The number may be mistyped, or it belongs to another shop.',
  ],
  back: ['回到投诉队列', 'Back to the queue'],
  reason: ['问题描述', 'Reason'],
  pictures: ['上传的图片', 'Pictures'],
  facts: ['投诉信息', 'Details'],
  timeline: ['处理记录', 'What happened'],
  similar: ['相似投诉', 'Similar complaints'],
});

export interface ComplaintViewProps {
  id: string;
  /** In a drawer: how it is closed, and how one gets to the next. */
  close?: () => void;
  step?: (by: 1 | -1) => void;
}

export default function ComplaintView(props: ComplaintViewProps) {
  // What belongs to one complaint does not go over to the next.
  return (
    <Messages>
      <ComplaintOf key={props.id} {...props} />
    </Messages>
  );
}

function ComplaintOf({ id, close, step }: ComplaintViewProps) {
  const t = useTexts(words);
  const { can } = useSession();
  const now = useNow();
  const open = useComplaint(id);
  const acts = useActs(id, open);
  const settings = useCall('tousu.settings.get', {}, { staleTime: 60_000 }).data;
  const composer = useRef<ComposerHandle>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const { whole } = open;
  const may: Allowed | null = whole ? allowed(whole.standing, can, settings, now) : null;

  // From one complaint to the next, what had the focus may be gone: then it is here that one goes on.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);

  useKeys({
    r: () => may?.reply && composer.current?.begin('reply'),
    n: () => may?.note && composer.current?.begin('note'),
  });

  const head = (
    <header className={css.head}>
      <div className={css.name}>
        {whole ? <StateTag state={whole.standing.state} /> : null}
        {whole?.channel ? <ChannelTag channel={whole.channel} /> : null}
        <h2 ref={heading} tabIndex={-1} className={css.id}>
          {id}
        </h2>
        <Copy text={id} />
      </div>
      {close ? (
        <div className={css.ways}>
          {step ? (
            <>
              <Button
                type="text"
                icon={<UpOutlined />}
                aria-label={t.previous}
                title={`${t.previous} k`}
                onClick={() => step(-1)}
              />
              <Button
                type="text"
                icon={<DownOutlined />}
                aria-label={t.next}
                title={`${t.next} j`}
                onClick={() => step(1)}
              />
            </>
          ) : null}
          <Tooltip title={t.ownPage}>
            <Link className={css.own} to={`/complaints/${encodeURIComponent(id)}`} aria-label={t.ownPage}>
              <ExpandAltOutlined />
            </Link>
          </Tooltip>
          <Button
            type="text"
            icon={<CloseOutlined />}
            aria-label={t.close}
            title={`${t.close} Esc`}
            onClick={close}
          />
        </div>
      ) : null}
    </header>
  );

  if (!whole || !may) {
    const missing = isCode(open.error, CODE.noSuchComplaint);
    return (
      <article className={css.view} data-drawer={Boolean(close)}>
        {head}
        {missing ? (
          <Empty title={t.none} hint={t.noneHint}>
            <Link to="/queue">{t.back}</Link>
          </Empty>
        ) : open.error ? (
          <Failed error={open.error} retry={open.retry} />
        ) : (
          <Loading lines={12} />
        )}
      </article>
    );
  }

  const { info, standing } = whole;
  return (
    <article className={css.view} data-drawer={Boolean(close)}>
      {head}
      <div className={css.scroll}>
        <Happened entries={open.unseen} acknowledge={open.acknowledge} />
        <DeadlineBar standing={standing} />
        <section aria-label={t.reason} className={css.reason}>
          <p>{info.complaint_reason}</p>
          {info.complaint_content_msg && info.complaint_content_msg !== info.complaint_reason ? (
            <p className={css.content}>{info.complaint_content_msg}</p>
          ) : null}
          <Pictures addresses={info.uploaded_images} name={t.pictures} />
        </section>
        <ActionBar whole={whole} may={may} acts={acts} />
        <div className={css.columns}>
          <div className={css.main}>
            <section className={css.section}>
              <h3>{t.timeline}</h3>
              <Timeline whole={whole} />
            </section>
            {may.note ? (
              <Composer
                ref={composer}
                whole={whole}
                may={may}
                acts={acts}
                unseen={open.unseen}
                acknowledge={open.acknowledge}
              />
            ) : null}
          </div>
          <div className={css.aside}>
            <section className={css.section}>
              <h3>{t.facts}</h3>
              <Facts whole={whole} acted={open.retry} />
            </section>
            <section className={css.section}>
              <h3>{t.similar}</h3>
              <Similar whole={whole} />
            </section>
          </div>
        </div>
      </div>
    </article>
  );
}
