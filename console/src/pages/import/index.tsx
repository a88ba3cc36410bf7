// Complaints from a table: choose a file, match its columns, try, import, look at what was refused.

import { InboxOutlined } from '@ant-design/icons';
import { App, Button, Select, Steps, Upload } from 'antd';
import { useState } from 'react';
import { call, type Data, failureText } from '~/api';
import { texts, useLanguage, useTexts } from '~/i18n';
import { Empty, PageHeader } from '~/parts';
import { Messages } from '~/parts/messages';
import { useSession } from '~/session';
import { Columns } from './Columns';
import { ENDINGS, inBase64, MOST_BYTES, unfit } from './file';
import css from './import.module.css';
import { fieldName, type Mapping, missing, sent, told } from './mapping';
import { Outcome } from './Outcome';

export type Preview = Data<'tousu.import.preview'>;
export type Report = Data<'tousu.import.run'>;

const words = texts({
  title: ['导入投诉', 'Import complaints'],
  note: [
    '从 CSV 或 XLSX 导入；同一文件导入两次，第二次不会改变什么。',
    'From CSV or XLSX. The same file twice changes nothing the second time.',
  ],
  forbidden: ['您不能导入', 'You cannot import'],
  forbiddenHint: ['导入需要“投诉管理-处理”权限。', 'Importing needs the permission set 投诉管理-处理.'],
  stepFile: ['选择文件', 'Choose a file'],
  stepColumns: ['对应各列', 'Match columns'],
  stepReport: ['结果', 'Result'],
  drop: ['把文件拖到这里，或点击选择', 'Drop a file here, or click to choose one'],
  dropHint: [
    `CSV 或 XLSX，不超过 ${MOST_BYTES / 1024 / 1024} MiB。更大的文件用命令 tousu import。`,
    `CSV or XLSX, up to ${MOST_BYTES / 1024 / 1024} MiB. Larger ones go in by the command tousu import.`,
  ],
  ending: ['只能导入 CSV 或 XLSX 文件', 'Only CSV and XLSX files can be imported'],
  size: [
    '文件太大，请拆分，或用命令 tousu import',
    'The file is too large. Split it, or use the command tousu import',
  ],
  empty: ['文件是空的', 'The file is empty'],
  reading: ['正在读取…', 'Reading…'],
  file: (name: string, rows: number) => [`${name}，共 ${rows} 行`, `${name}: ${rows} rows`],
  sheet: ['工作表', 'Sheet'],
  missing: (names: string) => [`还缺：${names}`, `Still missing: ${names}`],
  another: ['换一个文件', 'Another file'],
  tryOut: ['试导入', 'Try it'],
  run: ['导入', 'Import'],
});

/** What is being done. */
type Work = 'reading' | 'trying' | 'importing';

interface Chosen {
  name: string;
  content: string;
}

export default function Import() {
  const t = useTexts(words);
  const { can } = useSession();
  return (
    <>
      <PageHeader title={t.title} note={t.note} />
      {can('投诉管理-处理') ? (
        <Messages>
          <Assistant />
        </Messages>
      ) : (
        <Empty title={t.forbidden} hint={t.forbiddenHint} />
      )}
    </>
  );
}

function Assistant() {
  const t = useTexts(words);
  const language = useLanguage();
  const { message } = App.useApp();
  const [busy, setBusy] = useState<Work | null>(null);
  const [file, setFile] = useState<Chosen | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [sheet, setSheet] = useState<string | undefined>();
  const [mapping, setMapping] = useState<Mapping>(new Map());
  const [report, setReport] = useState<{ dry: boolean; of: Report } | null>(null);

  const restart = () => {
    setFile(null);
    setPreview(null);
    setSheet(undefined);
    setReport(null);
  };
  /** Does `work` with everything else held back; whatever goes wrong is said. */
  const doing = async (what: Work, work: () => Promise<void>) => {
    setBusy(what);
    try {
      await work();
    } catch (error) {
      message.error(failureText(error, language));
    } finally {
      setBusy(null);
    }
  };
  const look = async (chosen: Chosen, sheet?: string) => {
    const seen = await call('tousu.import.preview', {
      file_name: chosen.name,
      content: chosen.content,
      ...(sheet !== undefined && { sheet }),
    });
    setFile(chosen);
    setPreview(seen);
    setSheet(seen.sheet || undefined);
    setMapping(told(seen.columns));
    setReport(null);
  };
  const choose = (chosen: File) => {
    const why = unfit(chosen);
    if (why) {
      message.error(t[why]);
      return;
    }
    doing('reading', async () => look({ name: chosen.name, content: await inBase64(chosen) }));
  };
  const run = (dry: boolean) =>
    doing(dry ? 'trying' : 'importing', async () => {
      if (!file) return;
      const of = await call('tousu.import.run', {
        file_name: file.name,
        content: file.content,
        ...(sheet !== undefined && { sheet }),
        mapping: sent(mapping),
        dry_run: dry ? 1 : 0,
      });
      setReport({ dry, of });
    });

  const step = report && !report.dry ? 2 : preview ? 1 : 0;
  return (
    <div className={css.import}>
      <Steps
        size="small"
        current={step}
        items={[{ title: t.stepFile }, { title: t.stepColumns }, { title: t.stepReport }]}
      />
      {step === 0 && (
        <Upload.Dragger
          accept={ENDINGS.join(',')}
          showUploadList={false}
          disabled={busy !== null}
          beforeUpload={(chosen) => {
            choose(chosen);
            return false;
          }}
        >
          <p className={css.picture}>
            <InboxOutlined />
          </p>
          <p className={css.drop}>{busy ? t.reading : t.drop}</p>
          <p className={css.soft}>{t.dropHint}</p>
        </Upload.Dragger>
      )}
      {step === 1 && preview && file && (
        <>
          <div className={css.head}>
            <strong>{t.file(file.name, preview.rows)}</strong>
            {preview.sheets.length > 1 && (
              <Select
                aria-label={t.sheet}
                value={sheet ?? null}
                disabled={busy !== null}
                options={preview.sheets.map((name) => ({ value: name, label: name }))}
                onChange={(name: string) => doing('reading', () => look(file, name))}
              />
            )}
            <Button disabled={busy !== null} onClick={restart}>
              {t.another}
            </Button>
          </div>
          <Columns
            preview={preview}
            mapping={mapping}
            onChange={(changed) => {
              setMapping(changed);
              setReport(null);
            }}
          />
          <Actions preview={preview} mapping={mapping} busy={busy} onRun={run} />
        </>
      )}
      {report && <Outcome dry={report.dry} report={report.of} onRestart={restart} />}
    </div>
  );
}

interface ActionsProps {
  preview: Preview;
  mapping: Mapping;
  busy: Work | null;
  onRun: (dry: boolean) => void;
}

function Actions({ preview, mapping, busy, onRun }: ActionsProps) {
  const t = useTexts(words);
  const language = useLanguage();
  const lacking = missing(mapping, preview.fields);
  const held = (own: Work) => lacking.length > 0 || (busy !== null && busy !== own);
  const names = lacking.map((field) => fieldName(field, language)).join(language === 'zh' ? '、' : ', ');
  return (
    <div className={css.head}>
      <Button disabled={held('trying')} loading={busy === 'trying'} onClick={() => onRun(true)}>
        {t.tryOut}
      </Button>
      <Button
        type="primary"
        disabled={held('importing')}
        loading={busy === 'importing'}
        onClick={() => onRun(false)}
      >
        {t.run}
      </Button>
      {lacking.length > 0 && <span className={css.problem}>{t.missing(names)}</span>}
    </div>
  );
}
