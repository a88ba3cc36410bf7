// Deadline rules as the interface has them, and what the page makes of them; pure.

import { type Language, type Pair, pick } from '~/i18n';
import { CHANNELS, label, SOURCES } from '~/labels';

/** A deadline rule, as `tousu.settings.get` gives it. */
export interface Rule {
  id: string;
  version: number;
  channel?: number;
  source?: number;
  /** The day in Beijing from which it holds; absent: it has always held. */
  from?: string;
  stage: Stage;
  kind: Kind;
  /** `中文 ¦ English` */
  title: string;
}

export type Stage = 'first_reply' | 'settlement';
export type Unit = 'hours' | 'day_end' | 'working_days';
export type Kind = { [unit in Unit]?: number };

/** For whom a rule is: for all, for a channel or for a source. */
export type Scope = { of: 'any' } | { of: 'channel' | 'source'; code: number };

/** What N of a unit may be. */
export const ALLOWED: Record<Unit, [number, number]> = {
  hours: [1, 8784],
  day_end: [0, 366],
  working_days: [1, 366],
};

/** What is filled in of a rule. */
export interface Draft {
  scope: Scope;
  stage: Stage;
  unit: Unit;
  n: number;
  from: string | undefined;
}

export function scopeOf(rule: Rule): Scope {
  if (rule.source !== undefined) return { of: 'source', code: rule.source };
  if (rule.channel !== undefined) return { of: 'channel', code: rule.channel };
  return { of: 'any' };
}

export function lengthOf({ kind }: Rule): { unit: Unit; n: number } {
  for (const unit of ['hours', 'day_end', 'working_days'] as const) {
    const n = kind[unit];
    if (n !== undefined) return { unit, n };
  }
  throw new Error('a deadline rule of unknown kind');
}

export const draftOf = (rule: Rule): Draft => ({
  scope: scopeOf(rule),
  stage: rule.stage,
  ...lengthOf(rule),
  from: rule.from,
});

const scopeKey = (scope: Scope) => (scope.of === 'any' ? 'any' : `${scope.of}-${scope.code}`);

/** The id of a shop's own rules of that scope and stage; their versions tell them apart. */
const ownId = ({ scope, stage }: Draft) => `own.${scopeKey(scope)}.${stage.replace('_', '-')}`;

const sameMatter = (a: Draft, b: Draft) => scopeKey(a.scope) === scopeKey(b.scope) && a.stage === b.stage;

/**
 * The rules with one more. What there is of the same scope and stage stays, since complaints were counted by it: the
 * new one is its next version.
 */
export function withRule(rules: readonly Rule[], draft: Draft, title: string): Rule[] {
  const before = rules.filter((rule) => sameMatter(draftOf(rule), draft));
  const latest = before.reduce<Rule | undefined>(
    (best, rule) => (best && best.version >= rule.version ? best : rule),
    undefined,
  );
  const { scope } = draft;
  const rule: Rule = {
    id: latest?.id ?? ownId(draft),
    version: (latest?.version ?? 0) + 1,
    ...(scope.of === 'channel' && { channel: scope.code }),
    ...(scope.of === 'source' && { source: scope.code }),
    ...(draft.from !== undefined && { from: draft.from }),
    stage: draft.stage,
    kind: { [draft.unit]: draft.n },
    title,
  };
  return [...rules, rule];
}

export const withoutRule = (rules: readonly Rule[], gone: Rule): Rule[] =>
  rules.filter((rule) => rule.id !== gone.id || rule.version !== gone.version);

/** The earliest day from which the next version of that scope and stage may hold; undefined: any. */
export function earliest(rules: readonly Rule[], draft: Draft): string | undefined {
  const days = rules.filter((rule) => sameMatter(draftOf(rule), draft)).map((rule) => rule.from ?? '');
  return days.sort().at(-1) || undefined;
}

/** In the order in which people read them: all, then channels, then sources; the newest version first. */
export function inOrder(rules: readonly Rule[]): Rule[] {
  const rank = (rule: Rule) => {
    const scope = scopeOf(rule);
    return scope.of === 'any' ? 0 : scope.of === 'channel' ? 1_000 + scope.code : 2_000 + scope.code;
  };
  return [...rules].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      a.stage.localeCompare(b.stage) ||
      a.id.localeCompare(b.id) ||
      b.version - a.version,
  );
}

/** What becomes of a rule today. */
export type Standing = 'holds' | 'ahead' | 'past' | 'covered';

/**
 * Whether a rule holds on `today`: not yet, no more since a later one of its scope does, or not because the shop's
 * own is laid over it.
 */
export function standing(
  rule: Rule,
  own: readonly Rule[],
  standard: readonly Rule[],
  today: string,
): Standing {
  if (rule.from !== undefined && rule.from > today) return 'ahead';
  const draft = draftOf(rule);
  const rivals = (rules: readonly Rule[]) =>
    rules.filter((other) => sameMatter(draftOf(other), draft) && (other.from ?? '') <= today);
  const isOwn = own.includes(rule);
  if (!isOwn && rivals(own).length > 0) return 'covered';
  const newest = rivals(isOwn ? own : standard).reduce((best, other) =>
    (other.from ?? '') > (best.from ?? '') ||
    ((other.from ?? '') === (best.from ?? '') && other.version > best.version)
      ? other
      : best,
  );
  return newest.id === rule.id && newest.version === rule.version ? 'holds' : 'past';
}

/** One of `中文 ¦ English`. */
export function oneOf(title: string, language: Language): string {
  const [zh = '', en = zh] = title.split(' ¦ ');
  return language === 'zh' ? zh : en;
}

export function scopeText(scope: Scope, language?: Language): string {
  if (scope.of === 'any') return pick(['所有投诉', 'All complaints'], language);
  return label(scope.of === 'channel' ? CHANNELS : SOURCES, scope.code, language);
}

/** How long there is: `72 小时`, `第 1 日 24:00`, `7 个工作日`. */
export function lengthText({ unit, n }: { unit: Unit; n: number }, language?: Language): string {
  const s = n === 1 ? '' : 's';
  const pair: Record<Unit, Pair> = {
    hours: [`${n} 小时`, `${n} hour${s}`],
    day_end: n === 0 ? ['当日 24:00', '24:00 of the same day'] : [`第 ${n} 日 24:00`, `24:00 of day ${n}`],
    working_days: [`${n} 个工作日`, `${n} working day${s}`],
  };
  return pick(pair[unit], language);
}

/** What people read of a rule, if they write nothing else: `中文 ¦ English`. */
export function titleOf(draft: Draft): string {
  const by = draft.unit === 'day_end';
  const done: Pair = draft.stage === 'settlement' ? ['处理完结', 'settled'] : ['首次回复', 'first reply'];
  const zh = `${scopeText(draft.scope, 'zh')}：${lengthText(draft, 'zh')}${by ? ' 前' : '内'}${done[0]}`;
  const en = `${scopeText(draft.scope, 'en')}: ${done[1]} ${by ? 'by' : 'within'} ${lengthText(draft, 'en')}`;
  return `${zh} ¦ ${en}`;
}
