// What axe finds on a page.

import assert from 'node:assert/strict';
import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Fails if axe finds a violation that is serious or critical. The script comes by the debugger's side door, so that the
 * page's own policy need not let it in.
 */
export async function accessible(page, where) {
  // A list that is old is pale until the new one is there.
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
  await still(page);
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

/**
 * Waits until nothing on the page fades or slides any more: what is half transparent has another contrast. What was just
 * changed is drawn first, and one motion may begin where another ends, as that of a colour which is inherited does.
 */
const still = (page) => page.evaluate(async () => {
  const drawn = () => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
  const moving = () => document.getAnimations().filter(({ playState, effect }) =>
    playState !== 'finished' && effect?.getComputedTiming().endTime !== Infinity);
  await drawn();
  for (let left = moving(); left.length > 0; left = moving()) {
    await Promise.all(left.map(({ finished }) => finished.catch(() => null)));
    await drawn();
  }
});
