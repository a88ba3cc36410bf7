// The complaints that the filter finds, as a file.

import { Alert, Button, Form, Modal, Radio } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { download, failureText } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { useCounts } from '~/live';
import { save } from '~/parts/save';
import { conditions, type Filter, narrowings } from '~/queue/filter';
import { now } from '~/time';

const words = texts({
  title: ['导出投诉单', 'Export complaints'],
  what: (n: number) => [
    n > 0
      ? `当前分类加上 ${n} 个筛选条件所找到的全部投诉，来自同一时刻。`
      : '当前分类的全部投诉，来自同一时刻。',
    n > 0
      ? `All complaints of this part under ${n} condition${n === 1 ? '' : 's'}, from one moment.`
      : 'All complaints of this part, from one moment.',
  ],
  kept: [
    '导出会记入店铺历史。手机号保持脱敏。',
    'The history keeps that you exported. Phone numbers stay masked.',
  ],
  format: ['文件格式', 'Format'],
  xlsx: ['Excel（XLSX）', 'Excel (XLSX)'],
  csv: ['CSV，Excel 可直接打开', 'CSV, which Excel opens'],
  ndjson: ['NDJSON，供程序使用', 'NDJSON, for programs'],
  start: ['导出', 'Export'],
  cancel: ['取消', 'Cancel'],
  stop: ['停止', 'Stop'],
  received: (mib: string) => [`已收到 ${mib} MiB`, `${mib} MiB received`],
  done: (name: string) => [`已保存为 ${name}`, `Saved as ${name}`],
  ok: ['完成', 'Done'],
});

const FORMATS = ['xlsx', 'csv', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];

export default function ExportDialog({ filter, close }: { filter: Filter; close: () => void }) {
  const t = useTexts(words);
  const language = useLanguage();
  const hours = useCounts().data?.due_soon_hours ?? 4;
  const [format, setFormat] = useState<Format>('xlsx');
  const [bytes, setBytes] = useState<number | null>(null);
  const [saved, setSaved] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  const start = async () => {
    abort.current = new AbortController();
    const { signal } = abort.current;
    setError(null);
    setBytes(0);
    try {
      const asked = { ...conditions(filter, now(), hours), format, lang: language };
      const { fileName, file } = await download('tousu.complaint.export', asked, setBytes, { signal });
      save(file, fileName);
      setSaved(fileName);
    } catch (problem) {
      if (!signal.aborted) setError(problem);
    }
    setBytes(null);
  };

  const running = bytes !== null;
  return (
    <Modal
      open
      title={t.title}
      width={480}
      onCancel={close}
      footer={
        saved !== null ? (
          <Button type="primary" onClick={close}>
            {t.ok}
          </Button>
        ) : (
          <>
            <Button onClick={running ? () => abort.current.abort() : close}>
              {running ? t.stop : t.cancel}
            </Button>
            <Button type="primary" loading={running} onClick={start}>
              {t.start}
            </Button>
          </>
        )
      }
    >
      <p>{t.what(narrowings(filter))}</p>
      <Form layout="vertical">
        <Form.Item label={t.format}>
          <Radio.Group
            disabled={running || saved !== null}
            value={format}
            onChange={(event) => setFormat(event.target.value as Format)}
            vertical
            options={FORMATS.map((value) => ({ value, label: t[value] }))}
          />
        </Form.Item>
      </Form>
      <div role="status">
        {running ? t.received((bytes / 1024 / 1024).toFixed(1)) : null}
        {saved !== null ? <Alert type="success" showIcon title={t.done(saved)} /> : null}
      </div>
      {error ? <Alert type="error" showIcon title={failureText(error, language)} /> : null}
      {saved === null && !error ? <p>{t.kept}</p> : null}
    </Modal>
  );
}
