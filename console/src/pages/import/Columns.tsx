import { Select, Table } from 'antd';
import { useMemo } from 'react';
import { texts, useLanguage, useTexts } from '~/i18n';
import type { Preview } from '.';
import css from './import.module.css';
import { fieldName, type Mapping, matched } from './mapping';

const words = texts({
  column: ['文件里的列', 'Column of the file'],
  unnamed: (place: number) => [`第 ${place} 列（没有标题）`, `Column ${place} (no heading)`],
  samples: ['内容举例', 'Samples'],
  field: ['导入为', 'Goes into'],
  fieldOf: (heading: string) => [`“${heading}”导入为`, `“${heading}” goes into`],
  leave: ['不导入', 'Left out'],
});

interface Props {
  preview: Preview;
  mapping: Mapping;
  onChange: (mapping: Mapping) => void;
}

/** The file's columns, with what is in them, and which field each goes into. */
export function Columns({ preview, mapping, onChange }: Props) {
  const t = useTexts(words);
  const language = useLanguage();
  const options = useMemo(
    () =>
      preview.fields.map((field) => ({
        value: field.name,
        label: `${fieldName(field, language)}${field.required === 1 ? ' *' : ''}`,
      })),
    [preview.fields, language],
  );
  return (
    <Table<Preview['columns'][number]>
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
      rowKey="index"
      dataSource={preview.columns}
      columns={[
        {
          title: t.column,
          render: (_, column) =>
            column.heading || <span className={css.soft}>{t.unnamed(column.index + 1)}</span>,
        },
        {
          title: t.samples,
          render: (_, column) => (
            <ul className={css.samples}>
              {column.samples.map((sample, at) => (
                // Samples of a column may be alike.
                <li key={at} title={sample}>
                  {sample || '—'}
                </li>
              ))}
            </ul>
          ),
        },
        {
          title: t.field,
          render: (_, column) => (
            <Select<string>
              aria-label={t.fieldOf(column.heading || t.unnamed(column.index + 1))}
              className={css.field}
              allowClear
              showSearch={{ optionFilterProp: 'label' }}
              placeholder={t.leave}
              value={mapping.get(column.index) ?? null}
              options={options}
              onChange={(field: string | undefined) => onChange(matched(mapping, column.index, field))}
            />
          ),
        },
      ]}
    />
  );
}
