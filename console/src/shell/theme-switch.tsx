// Light, dark, or as the system has it.

import { DesktopOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons';
import { Button, Tooltip } from 'antd';
import { texts, useTexts } from '~/i18n';
import { type Choice, setTheme, useThemeChoice } from '~/theme';

const words = texts({
  light: ['浅色', 'Light'],
  dark: ['深色', 'Dark'],
  system: ['跟随系统', 'As the system'],
  now: (is: string, next: string) => [`外观：${is}。点击改为${next}`, `Look: ${is}. Press for: ${next}`],
});

const NEXT: Record<Choice, Choice> = { system: 'light', light: 'dark', dark: 'system' };
const ICON = { system: <DesktopOutlined />, light: <SunOutlined />, dark: <MoonOutlined /> };

export function ThemeSwitch() {
  const t = useTexts(words);
  const choice = useThemeChoice();
  const next = NEXT[choice];
  const name = t.now(t[choice], t[next]);
  return (
    <Tooltip title={name}>
      <Button type="text" icon={ICON[choice]} aria-label={name} onClick={() => setTheme(next)} />
    </Tooltip>
  );
}
