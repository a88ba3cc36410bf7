// What people read, in Chinese and in English side by side, so that neither is forgotten.

import { useSyncExternalStore } from 'react';

export type Language = 'zh' | 'en';

/** One sentence in both languages. */
export type Pair = readonly [zh: string, en: string];
type Entry = Pair | ((...given: never[]) => Pair);
type Table = Readonly<Record<string, Entry>>;

/** A table as one language has it: sentences, and functions that give sentences. */
export type Said<T extends Table> = {
  readonly [K in keyof T]: T[K] extends (...given: infer G) => Pair ? (...given: G) => string : string;
};

const KEY = 'tousu.language';
const listeners = new Set<() => void>();
let language: Language = stored();

function stored(): Language {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh';
  } catch {
    return 'zh';
  }
}

export function getLanguage(): Language {
  return language;
}

export function setLanguage(to: Language) {
  language = to;
  try {
    localStorage.setItem(KEY, to);
  } catch {
    // A browser that keeps nothing shows the language all the same.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, getLanguage);
}

export const pick = (pair: Pair, of: Language = language): string => pair[of === 'zh' ? 0 : 1];

/** A page's or a component's own sentences. */
export const texts = <const T extends Table>(table: T): T => table;

const made = new WeakMap<Table, Map<Language, Said<Table>>>();

/** The sentences of that table in that language. The same object each time. */
export function said<T extends Table>(table: T, of: Language = language): Said<T> {
  const byLanguage = made.get(table) ?? new Map<Language, Said<Table>>();
  made.set(table, byLanguage);
  let all = byLanguage.get(of);
  if (!all) {
    const speak = (entry: Entry) =>
      typeof entry === 'function' ? (...given: never[]) => pick(entry(...given), of) : pick(entry, of);
    all = Object.fromEntries(
      Object.entries(table).map(([name, entry]) => [name, speak(entry)]),
    ) as unknown as Said<Table>;
    byLanguage.set(of, all);
  }
  return all as unknown as Said<T>;
}

/** The sentences of that table in the language that is chosen. */
export function useTexts<T extends Table>(table: T): Said<T> {
  return said(table, useLanguage());
}
