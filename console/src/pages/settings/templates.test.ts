import { expect, test } from 'vitest';
import { VARIABLES } from '~/complaint/templates';
import { previewed, saved, swapped, unknown, without } from './templates';

test('every variable is known, with blanks around it as well', () => {
  for (const name of VARIABLES) {
    expect(unknown(`一 {{${name}}} 二 {{ ${name} }}`)).toBeUndefined();
    expect(previewed(`{{${name}}}`)).not.toContain('{');
  }
});

test('what is no variable is found', () => {
  expect(unknown('{{order}} {{phone}}')).toBe('phone');
  expect(unknown('{{order')).toBe('order');
  expect(unknown('{{}}')).toBe('');
  expect(unknown('一个 { 或 } 没有关系 }}')).toBeUndefined();
  expect(previewed('{{phone}}')).toBe('{{phone}}');
});

const list = (...names: string[]) => names.map((name) => ({ name, text: `text of ${name}` }));
const names = (templates: { name: string }[]) => templates.map(({ name }) => name).join('');

test('a template is saved in its own place, wherever that is by now', () => {
  const changed = { name: 'x', text: 'y' };
  expect(names(saved(list('a', 'b', 'c'), 'b', changed))).toBe('axc');
  // Another administrator moved it, or deleted one before it.
  expect(names(saved(list('b', 'c'), 'b', changed))).toBe('xc');
  // Or it.
  expect(names(saved(list('a', 'c'), 'b', changed))).toBe('acx');
  expect(names(saved(list('a'), null, changed))).toBe('ax');
});

test('templates are taken away and put into another order', () => {
  expect(names(without(list('a', 'b', 'c'), 'b'))).toBe('ac');
  expect(names(swapped(list('a', 'b', 'c'), 0, 1))).toBe('bac');
  expect(names(swapped(list('a', 'b', 'c'), 2, 1))).toBe('acb');
});
