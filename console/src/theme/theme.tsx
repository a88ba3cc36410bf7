// Light, dark, or as the system has it.

import { LoadingOutlined } from '@ant-design/icons';
import { theme as antTheme, ConfigProvider, type ThemeConfig } from 'antd';
import zhCN from 'antd/es/locale/zh_CN';
import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '~/i18n';
import { type Colour, colour as colourIn, customProperties, MONO, SANS, type Scheme } from './tokens';

export type Choice = Scheme | 'system';

const KEY = 'tousu.theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
let choice: Choice = stored();

function stored(): Choice {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

/** Writes the colours into the page; called once, before anything is drawn. */
export function paint() {
  const style = document.createElement('style');
  style.textContent = customProperties();
  document.head.append(style);
  mark();
}

function mark() {
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
}

export function setTheme(to: Choice) {
  choice = to;
  try {
    localStorage.setItem(KEY, to);
  } catch {
    // It holds until the page is left.
  }
  mark();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  systemDark.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    systemDark.removeEventListener('change', listener);
  };
}

export const useThemeChoice = (): Choice => useSyncExternalStore(subscribe, () => choice);

export function useScheme(): Scheme {
  return useSyncExternalStore(subscribe, () =>
    choice === 'system' ? (systemDark.matches ? 'dark' : 'light') : choice,
  );
}

function antTokens(scheme: Scheme): ThemeConfig {
  const colour = (name: Colour) => colourIn(name, scheme);
  return {
    algorithm: scheme === 'dark' ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
    token: {
      colorPrimary: colour('accent'),
      colorPrimaryHover: colour('accentStrong'),
      colorPrimaryActive: colour('accentStrong'),
      colorLink: colour('accent'),
      colorLinkHover: colour('accentStrong'),
      colorLinkActive: colour('accentStrong'),
      colorInfo: colour('accent'),
      colorSuccess: colour('good'),
      colorWarning: colour('warn'),
      colorError: colour('bad'),
      colorErrorBg: colour('badSoft'),
      colorErrorBorder: colour('badSoft'),
      colorWarningBg: colour('warnSoft'),
      colorWarningBorder: colour('warnSoft'),
      colorSuccessBg: colour('goodSoft'),
      colorSuccessBorder: colour('goodSoft'),
      colorInfoBg: colour('accentSoft'),
      colorInfoBorder: colour('accentSoft'),
      colorBgBase: colour('page'),
      colorBgLayout: colour('raised'),
      colorBgContainer: colour('page'),
      colorBgElevated: scheme === 'dark' ? colour('raised') : colour('page'),
      colorTextBase: colour('text'),
      colorText: colour('text'),
      colorTextSecondary: colour('soft'),
      colorTextTertiary: colour('soft'),
      colorTextDescription: colour('soft'),
      colorTextPlaceholder: colour('soft'),
      colorBorder: colour('edge'),
      colorBorderSecondary: colour('line'),
      colorSplit: colour('line'),
      colorTextLightSolid: colour('onAccent'),
      borderRadius: 8,
      fontFamily: SANS,
      fontFamilyCode: MONO,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.18s',
    },
    components: {
      Table: {
        headerBg: colour('raised'),
        rowHoverBg: colour('raised'),
        rowSelectedBg: colour('accentSoft'),
        rowSelectedHoverBg: colour('accentSoft'),
        cellPaddingBlockSM: 7,
      },
      Tag: { defaultBg: colour('sunken'), defaultColor: colour('text') },
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none' },
      Tooltip: { colorBgSpotlight: '#1d2433', colorTextLightSolid: '#ffffff' },
    },
  };
}

/**
 * A button that is busy keeps its name: Ant Design's own sign is called "loading", and the motion in which it goes away
 * may never end.
 */
const BUSY = <LoadingOutlined role="presentation" aria-label={undefined} aria-hidden />;

/** Ant Design in the chosen language and look. */
export function Themed({ children }: { children: ReactNode }) {
  const scheme = useScheme();
  const language = useLanguage();
  const [locale, setLocale] = useState(zhCN);

  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    let wanted = true;
    if (language === 'zh') setLocale(zhCN);
    else import('antd/es/locale/en_US').then((english) => wanted && setLocale(english.default));
    return () => {
      wanted = false;
    };
  }, [language]);

  const config = useMemo(() => antTokens(scheme), [scheme]);
  return (
    <ConfigProvider
      locale={locale}
      theme={config}
      // The two characters of a Chinese button need no space between them.
      button={{ autoInsertSpace: false, loadingIcon: BUSY }}
    >
      {children}
    </ConfigProvider>
  );
}
