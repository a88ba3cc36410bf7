// Every colour is named once, for light and dark. Those of text reach a contrast of 4.5 on their grounds, which a
// test counts.

export type Scheme = 'light' | 'dark';

const colours = {
  page: ['#ffffff', '#14161b'],
  raised: ['#f7f8fa', '#1b1e25'],
  sunken: ['#f3f5f8', '#101216'],
  line: ['#e4e7ec', '#2b303a'],
  /** Edges of what one types into. */
  edge: ['#8a93a5', '#6b7487'],
  text: ['#1d2433', '#e4e7ee'],
  soft: ['#5b6577', '#9aa3b5'],
  accent: ['#3457d5', '#8ea5ff'],
  /** The accent where one points or presses. */
  accentStrong: ['#2a48b5', '#a9baff'],
  accentSoft: ['#eef2ff', '#232b47'],
  onAccent: ['#ffffff', '#10142a'],
  good: ['#13764c', '#62d3a0'],
  goodSoft: ['#e6f6ee', '#14322a'],
  warn: ['#8f4a00', '#f2b56b'],
  warnSoft: ['#fff3dd', '#3a2a14'],
  bad: ['#c02b3a', '#ff8f98'],
  badSoft: ['#fdecee', '#3d1f26'],
  plum: ['#7a2fa8', '#d0a3f5'],
  plumSoft: ['#f6edfb', '#33223f'],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

export type Colour = keyof typeof colours;

export const colour = (name: Colour, scheme: Scheme): string => colours[name][scheme === 'light' ? 0 : 1];

export const SANS =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans SC", ' +
  '"Noto Sans CJK SC", sans-serif';
export const MONO =
  'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", "PingFang SC", "Noto Sans SC", ' +
  '"Noto Sans CJK SC", monospace';

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The colours as custom properties, for the style sheets: `--accent-soft` and so on. */
export function customProperties(): string {
  const lines = Object.entries(colours).map(
    ([name, [light, dark]]) => `--${kebab(name)}:light-dark(${light},${dark})`,
  );
  return `:root{${lines.join(';')};--sans:${SANS};--mono:${MONO}}`;
}

/** Texts, and the grounds they stand on. */
export const READ_ON: readonly (readonly [text: Colour, ground: Colour])[] = [
  ...(['page', 'raised', 'sunken'] as const).flatMap((ground) =>
    (['text', 'soft', 'accent', 'accentStrong', 'good', 'warn', 'bad'] as const).map(
      (text) => [text, ground] as const,
    ),
  ),
  ['onAccent', 'accent'],
  ['onAccent', 'accentStrong'],
  ['accent', 'accentSoft'],
  ['text', 'accentSoft'],
  ['soft', 'accentSoft'],
  ['good', 'goodSoft'],
  ['warn', 'warnSoft'],
  ['text', 'warnSoft'],
  ['bad', 'badSoft'],
  ['text', 'badSoft'],
  ['plum', 'plumSoft'],
];
