// One act on many complaints: with what, how it goes, and what became of each.

import { Alert, Button, Checkbox, Form, Input, Modal, Progress, Table } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { type BatchOutcome, CallFailed, failureText } from '~/api';
import { AssigneeSelect, TagSelect } from '~/complaint/pickers';
import { texts, useLanguage, useTexts } from '~/i18n';
import { useCounts } from '~/live';
import type { Filter } from '~/queue/filter';
import { useActionNames } from './bar';
import css from './dialog.module.css';
import { type Action, type ActionParams, actOnMany, allMatching } from './run';

const words = texts({
  title: (what: string, n: number) => [
    `${what} ${n.toLocaleString('en')} 条投诉`,
    `${what}: ${n.toLocaleString('en')} complaints`,
  ],
  assignee: ['处理人', 'Assignee'],
  nobody: ['不选则取消分派', 'None: nobody’s'],
  add: ['加上标签', 'Tags to add'],
  remove: ['去掉标签', 'Tags to take away'],
  content: ['内容', 'Text'],
  replyHint: ['每位消费者都会看到同样的回复', 'Every one of the consumers will see this same reply'],
  remark: ['说明（可不填）', 'Remark, if you like'],
  finish: ['回复后处理完成', 'This settles them'],
  start: ['开始', 'Start'],
  stop: ['停止', 'Stop'],
  cancel: ['取消', 'Cancel'],
  ok: ['完成', 'Done'],
  finding: (n: number) => [
    `正在找出符合条件的：${n.toLocaleString('en')} 条`,
    `Finding those that match: ${n.toLocaleString('en')}`,
  ],
  result: (done: number, failed: number) => [
    failed === 0
      ? `${done.toLocaleString('en')} 条全部成功`
      : `成功 ${done.toLocaleString('en')} 条，未成功 ${failed.toLocaleString('en')} 条`,
    failed === 0
      ? `All ${done.toLocaleString('en')} done`
      : `${done.toLocaleString('en')} done, ${failed.toLocaleString('en')} not`,
  ],
  stopped: (left: number) => [
    `已停止，${left.toLocaleString('en')} 条没有处理`,
    `Stopped: ${left.toLocaleString('en')} were not touched`,
  ],
  id: ['投诉单号', 'Number'],
  outcome: ['结果', 'Outcome'],
  done: ['成功', 'Done'],
  onlyFailed: ['只看未成功的', 'Only those that failed'],
});

export interface BatchDialogProps {
  action: Action;
  /** In whose name complaints are closed or taken up again. */
  by: 'platform' | 'merchant';
  filter: Filter;
  /** Which; `null`: all that match. */
  ids: readonly string[] | null;
  expected: number;
  close: (acted: boolean) => void;
}

type Phase = 'asking' | 'finding' | 'acting' | 'over';

export default function BatchDialog({ action, by, filter, ids, expected, close }: BatchDialogProps) {
  const t = useTexts(words);
  const names = useActionNames();
  const language = useLanguage();
  const hours = useCounts().data?.due_soon_hours ?? 4;
  const [params, setParams] = useState<ActionParams>({});
  const [phase, setPhase] = useState<Phase>('asking');
  const [found, setFound] = useState(0);
  const [all, setAll] = useState(expected);
  const [outcomes, setOutcomes] = useState<readonly BatchOutcome[]>([]);
  const [error, setError] = useState<unknown>(null);
  const abort = useRef(new AbortController());
  // Nothing goes on unseen: whoever leaves stops it.
  useEffect(() => () => abort.current.abort(), []);

  const ready = isReady(action, params);
  const start = async () => {
    if (!ready) return;
    abort.current = new AbortController();
    const { signal } = abort.current;
    setError(null);
    try {
      let targets = ids;
      if (!targets) {
        setPhase('finding');
        targets = await allMatching(filter, hours, setFound, signal);
      }
      setAll(targets.length);
      setPhase('acting');
      await actOnMany(action, targets, sent(action, by, params), setOutcomes, signal);
      setPhase('over');
    } catch (problem) {
      setPhase('asking');
      if (!signal.aborted) setError(problem);
    }
  };

  const failed = outcomes.filter((outcome) => outcome.code !== 0);
  const running = phase === 'finding' || phase === 'acting';
  return (
    <Modal
      open
      title={t.title(names[action], expected)}
      width={560}
      mask={{ closable: false }}
      keyboard={!running}
      onCancel={() => (running ? abort.current.abort() : close(outcomes.length > 0))}
      footer={
        phase === 'over' ? (
          <Button type="primary" onClick={() => close(true)}>
            {t.ok}
          </Button>
        ) : running ? (
          <Button onClick={() => abort.current.abort()}>{t.stop}</Button>
        ) : (
          <>
            <Button onClick={() => close(false)}>{t.cancel}</Button>
            <Button type="primary" disabled={!ready} onClick={start}>
              {t.start}
            </Button>
          </>
        )
      }
    >
      {error ? (
        <Alert type="error" showIcon title={failureText(error, language)} className={css.gap} />
      ) : null}
      {phase === 'asking' ? <Asked action={action} params={params} set={setParams} submit={start} /> : null}
      {phase === 'finding' ? <p role="status">{t.finding(found)}</p> : null}
      {phase === 'acting' || phase === 'over' ? (
        <>
          <Progress
            percent={all === 0 ? 100 : Math.floor((outcomes.length / all) * 100)}
            status={failed.length > 0 ? 'exception' : phase === 'over' ? 'success' : 'active'}
          />
          <div role="status">
            {phase === 'over' ? (
              <>
                <p className={css.verdict}>{t.result(outcomes.length - failed.length, failed.length)}</p>
                {outcomes.length < all ? <p>{t.stopped(all - outcomes.length)}</p> : null}
              </>
            ) : null}
          </div>
          {outcomes.length > 0 ? <Outcomes outcomes={outcomes} /> : null}
        </>
      ) : null}
    </Modal>
  );
}

/** What the interface takes for that action. */
function sent(action: Action, by: string, params: ActionParams): ActionParams {
  const content = params.content?.trim();
  switch (action) {
    case 'assign':
      return { assignee: params.assignee ?? '' };
    case 'tag':
      return { add: params.add ?? [], remove: params.remove ?? [] };
    case 'reply':
      return { content: content ?? '', finish: params.finish ?? 0 };
    case 'close':
    case 'reopen':
      return { by, ...(content ? { content } : {}) };
    default:
      return content ? { content } : {};
  }
}

function isReady(action: Action, params: ActionParams): boolean {
  if (action === 'tag') return (params.add?.length ?? 0) + (params.remove?.length ?? 0) > 0;
  if (action === 'reply' || action === 'note') return Boolean(params.content?.trim());
  return true;
}

function Asked({
  action,
  params,
  set,
  submit,
}: {
  action: Action;
  params: ActionParams;
  set: (params: ActionParams) => void;
  submit: () => void;
}) {
  const t = useTexts(words);
  const tags = (field: 'add' | 'remove', label: string) => (
    <Form.Item label={label} htmlFor={`batch-${field}`}>
      <TagSelect
        id={`batch-${field}`}
        value={params[field] ?? []}
        change={(add, remove) => {
          const kept = (params[field] ?? []).filter((tag) => !remove.includes(tag));
          set({ ...params, [field]: [...kept, ...add] });
        }}
      />
    </Form.Item>
  );
  return (
    <Form layout="vertical" className={css.form} onFinish={submit}>
      {action === 'assign' ? (
        <Form.Item label={t.assignee} extra={t.nobody} htmlFor="batch-assignee">
          <AssigneeSelect
            id="batch-assignee"
            value={params.assignee ?? ''}
            choose={(assignee) => set({ ...params, assignee })}
          />
        </Form.Item>
      ) : null}
      {action === 'tag' ? (
        <>
          {tags('add', t.add)}
          {tags('remove', t.remove)}
        </>
      ) : null}
      {action === 'assign' || action === 'tag' ? null : (
        <Form.Item
          label={action === 'reply' || action === 'note' ? t.content : t.remark}
          extra={action === 'reply' ? t.replyHint : null}
          htmlFor="batch-content"
        >
          <Input.TextArea
            id="batch-content"
            autoFocus
            autoSize={{ minRows: 3, maxRows: 10 }}
            maxLength={2000}
            showCount
            value={params.content ?? ''}
            onChange={(event) => set({ ...params, content: event.target.value })}
          />
        </Form.Item>
      )}
      {action === 'reply' ? (
        <Checkbox
          checked={params.finish === 1}
          onChange={(event) => set({ ...params, finish: event.target.checked ? 1 : 0 })}
        >
          {t.finish}
        </Checkbox>
      ) : null}
    </Form>
  );
}

function Outcomes({ outcomes }: { outcomes: readonly BatchOutcome[] }) {
  const t = useTexts(words);
  const language = useLanguage();
  const [onlyFailed, setOnlyFailed] = useState(false);
  const shown = onlyFailed ? outcomes.filter((outcome) => outcome.code !== 0) : outcomes;
  return (
    <>
      <Checkbox checked={onlyFailed} onChange={(event) => setOnlyFailed(event.target.checked)}>
        {t.onlyFailed}
      </Checkbox>
      <Table<BatchOutcome>
        className={css.outcomes}
        size="small"
        rowKey="complaint_id"
        dataSource={shown}
        pagination={{ pageSize: 10, size: 'small', showSizeChanger: false, hideOnSinglePage: true }}
        columns={[
          {
            key: 'id',
            title: t.id,
            width: 230,
            render: (_, { complaint_id }) => <span className={css.id}>{complaint_id}</span>,
          },
          {
            key: 'outcome',
            title: t.outcome,
            render: (_, { code, msg }) =>
              code === 0 ? (
                <span className={css.good}>{t.done}</span>
              ) : (
                <span className={css.bad}>{failureText(new CallFailed(code, msg), language)}</span>
              ),
          },
        ]}
      />
    </>
  );
}
