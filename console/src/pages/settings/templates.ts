// A shop's templates as a list, and what can be said of one before a complaint is there to fill it in; pure.

import type { Data } from '~/api';
import { filled, VARIABLES, type Variable } from '~/complaint/templates';

export type Template = Data<'tousu.settings.get'>['templates'][number];

/** A complaint to show a template by. */
const SAMPLE: Readonly<Record<Variable, string>> = {
  complaint_id: 'c_6621e41fa5e18_dA0idHLY',
  shop: '演示店铺',
  reason: '课程打不开，要退款',
  order: 'E20240417180801783546V2',
  deadline: '2024-04-22 11:25:19',
  assignee: '小李',
};

/** The text as it might be read. */
export const previewed = (text: string): string => filled(text, SAMPLE);

/** What stands after the first double braces that begin no variable, as far as they are closed; the server refuses it. */
export function unknown(text: string): string | undefined {
  for (const part of text.split('{{').slice(1)) {
    const [name = '', ...rest] = part.split('}}');
    if (rest.length === 0 || !VARIABLES.some((variable) => variable === name.trim())) return name.trim();
  }
  return undefined;
}

/** Without the one of that name. */
export const without = (templates: readonly Template[], name: string | null): Template[] =>
  templates.filter((template) => template.name !== name);

/** With `template` in the place of the one of that name, or at the end if there is none: it is new, or was deleted meanwhile. */
export function saved(templates: readonly Template[], name: string | null, template: Template): Template[] {
  return templates.some((other) => other.name === name)
    ? templates.map((other) => (other.name === name ? template : other))
    : [...templates, template];
}

/** With those two in each other's place. */
export function swapped(templates: readonly Template[], one: number, other: number): Template[] {
  const order = [...templates.keys()];
  [order[one], order[other]] = [other, one];
  return order.flatMap((at) => templates[at] ?? []);
}
