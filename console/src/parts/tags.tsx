// Codes as small coloured words. The colour says nothing that the word does not.

import { useLanguage } from '~/i18n';
import { CHANNELS, label, SOURCES, STATES, stepLabel } from '~/labels';
import css from './tags.module.css';

const STATE_CLASS = ['pending', 'progress', 'done'] as const;
const CHANNEL_CLASS = ['', 'shop', 'platform', 'wechat', 'alipay'] as const;

export function StateTag({ state }: { state: number }) {
  const language = useLanguage();
  return (
    <span className={`${css.tag} ${css[STATE_CLASS[state] ?? 'plain']}`}>
      {label(STATES, state, language)}
    </span>
  );
}

export function ChannelTag({ channel }: { channel: number }) {
  const language = useLanguage();
  return (
    <span className={`${css.tag} ${css[CHANNEL_CLASS[channel] || 'plain']}`}>
      {label(CHANNELS, channel, language)}
    </span>
  );
}

export function SourceText({ source }: { source: number }) {
  return <>{label(SOURCES, source, useLanguage())}</>;
}

export function StepText({ step, detailStep }: { step: number; detailStep?: number }) {
  return <>{stepLabel(step, detailStep, useLanguage())}</>;
}

/** A tag that people gave. */
export function UserTag({ name }: { name: string }) {
  return <span className={`${css.tag} ${css.user}`}>{name}</span>;
}

export function UserTags({ names }: { names: readonly string[] }) {
  return (
    <span className={css.tags}>
      {names.map((name) => (
        <UserTag key={name} name={name} />
      ))}
    </span>
  );
}
