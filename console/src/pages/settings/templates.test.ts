import { expect, test } from 'vitest';
import { VARIABLES } from '~/complaint/templates';
import { previewed, unknown } from './templates';

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
