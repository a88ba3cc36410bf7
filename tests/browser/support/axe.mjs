// What axe finds on a page.

import assert from 'node:assert/strict';
import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Fails if axe finds a violation that is serious or critical. The script comes by the debugger's side door, so that the
 * page's own policy need not let it in.
 */
export async function accessible(page, where) {
  // What was just changed is drawn first; what fades in is half transparent meanwhile.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) =>
    animation.effect?.getComputedTiming().endTime === Infinity ? null : animation.finished.catch(() => null))));
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags } }),
    TAGS,
  );
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = serious.map(({ id, help, nodes }) =>
    `${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `  ${html}\n  ${failureSummary}`).join('\n')}`);
  assert.deepEqual(told, [], where);
}
