import { Select } from 'antd';
import { texts, useTexts } from '~/i18n';
import { useRoleNames } from '~/session';
import css from './settings.module.css';

const ROLES = ['viewer', 'agent', 'supervisor', 'administrator'] as const;

const words = texts({
  viewer: ['查看投诉与统计', 'Looks at complaints and figures'],
  agent: ['处理投诉，可查看完整手机号', 'Handles complaints; may see whole phone numbers'],
  supervisor: [
    '另可代平台登记核验、清除个人信息',
    'Also records the platform’s checks and erases personal data',
  ],
  administrator: [
    '另可更改设置、成员、应用与通知',
    'Also changes settings, members, applications and notices',
  ],
});

interface Props {
  label?: string;
  value?: string;
  disabled?: boolean;
  id?: string;
  onChange?: (role: string) => void;
}

/** A role, with what it may do. */
export function RoleSelect({ label, ...rest }: Props) {
  const t = useTexts(words);
  const name = useRoleNames();
  return (
    <Select<string>
      {...rest}
      {...(label !== undefined && { 'aria-label': label })}
      style={{ minWidth: 140 }}
      popupMatchSelectWidth={false}
      options={ROLES.map((role) => ({ value: role, label: name(role), hint: t[role] }))}
      optionRender={({ data, label }) => (
        <>
          <div>{label}</div>
          <div className={css.soft}>{data.hint}</div>
        </>
      )}
    />
  );
}
