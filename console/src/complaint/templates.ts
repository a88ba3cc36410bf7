// Replies that are written beforehand, with places for what differs from complaint to complaint.

/** What may stand between double braces, as the settings take it. */
export const VARIABLES = ['complaint_id', 'shop', 'reason', 'order', 'deadline', 'assignee'] as const;
export type Variable = (typeof VARIABLES)[number];

const PLACE = /\{\{\s*([A-Za-z_][\w]*)\s*\}\}/g;

/** The template with every place filled in. What is filled in is text, in which no place is looked for. */
export function filled(template: string, values: Readonly<Record<Variable, string>>): string {
  return template.replace(PLACE, (whole, name: string) => (isVariable(name) ? values[name] : whole));
}

/** Places that nothing is known for. */
export function unknownVariables(template: string): string[] {
  const names = [...template.matchAll(PLACE)].map((match) => match[1] ?? '');
  return [...new Set(names.filter((name) => !isVariable(name)))];
}

const isVariable = (name: string): name is Variable => (VARIABLES as readonly string[]).includes(name);
