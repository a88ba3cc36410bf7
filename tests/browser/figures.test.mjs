// Every figure of the dashboard equals a recount of the complaints one by one, and leads to a queue of just so many.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './support/browser.mjs';
import { asUser, follow, number, total, totalOn } from './support/console.mjs';
import { DATABASES } from './support/databases.mjs';
import { everyComplaint, means } from './support/recount.mjs';
import { call, run, serveDemo } from './support/server.mjs';

const RANDOM = 300;
const HOUR = 3600;
const beijing = (epoch) => new Date((epoch + 8 * HOUR) * 1000).toISOString().slice(0, 19).replace('T', ' ');

/** Rows beside the demo's. No deadline is near now, so that nothing becomes late while one counts. */
function randomRows() {
  const now = Math.floor(Date.now() / 1000);
  const pick = (...values) => values[randomInt(values.length)];
  return Array.from({ length: RANDOM }, (_, at) => {
    const limit = pick(24, 48, 72);
    let made = now - randomInt(90 * 24 * HOUR);
    if (Math.abs(made + limit * HOUR - now) < 2 * HOUR) made -= 5 * HOUR;
    const channel = pick(1, 2, 3, 4);
    const state = pick(0, 1, 2);
    const closed = Math.min(made + randomInt(1, 2 * limit) * HOUR, now);
    return {
      complaint_id: `c_random_${at}`,
      channel_type: channel,
      complaint_from: { 1: pick(101, 102, 103), 2: pick(203, 205, 10), 3: 201, 4: 202 }[channel],
      complainant_phone: '188****1474',
      complaint_reason: '随机',
      complaint_resource_id: pick('', 'p_random_1', 'p_random_2', `o_random_${at}`),
      complaint_resource_type: 0,
      complaint_type: 1,
      state,
      current_step: pick(1, 2),
      is_overtime: 1,
      complaint_time: beijing(made),
      operate_time: beijing(made),
      operate_end_time: beijing(made + limit * HOUR),
      time_limit: limit,
      closed_at: state === 2 ? beijing(closed) : '1970-01-02 00:00:00',
    };
  });
}

/** Has those done that would become late while one counts. */
async function settleWhatIsDueSoon(demo) {
  const now = Math.floor(Date.now() / 1000);
  for (;;) {
    const { list } = await call(demo, 'tousu.complaint.search', {
      due_after: beijing(now - 60), due_before: beijing(now + HOUR), page_size: 100,
    });
    if (list.length === 0) return;
    for (const { complaint_id } of list) {
      await call(demo, 'tousu.complaint.close', { complaint_id, by: 'platform' });
    }
  }
}

for (const [kind, make] of Object.entries(DATABASES)) {
  describe(kind, () => {
    let database, demo, browser, rows;

    before(async () => {
      database = await make();
      demo = await serveDemo(database);
      browser = await launch();
      const file = join(tmpdir(), `tousu-random-${process.pid}-${kind}.json`);
      await writeFile(file, JSON.stringify(randomRows()));
      const taken = await run(database, 'import', '--shop', demo.app_id, file);
      assert.equal(taken.added, RANDOM, JSON.stringify(taken));
      const some = await call(demo, 'tousu.complaint.search', { page_size: 100, sort: 'deadline' });
      for (const { complaint_id } of some.list) {
        const assignee = ['小李', '小王', ''][randomInt(3)];
        if (assignee) await call(demo, 'tousu.complaint.assign', { complaint_id, assignee });
      }
      await settleWhatIsDueSoon(demo);
      rows = await everyComplaint(demo);
    });

    after(async () => {
      await browser?.close();
      await demo?.stop();
      await database?.drop();
    });

    for (const address of ['/dashboard', '/dashboard?range=all', '/dashboard?range=7d&channel=1,3']) {
      test(`every figure of ${address} is what is counted one by one`, () =>
        asUser(browser, demo, demo.users.admin, async (page) => {
          await page.goto(address);
          await page.getByRole('heading', { name: '投诉最多的资源或订单' }).waitFor();
          for (const folded of await page.getByText('以表格查看').all()) await folded.click();
          const more = page.getByRole('button', { name: /^还有 \d+ 项$/ });
          while ((await more.count()) > 0) await more.first().click();
          const shown = await page.locator('main a[href^="/queue"]:has(data)').evaluateAll((all) =>
            all.map((link) => ({
              href: link.getAttribute('href'),
              figure: Number(link.querySelector('data').value),
            })));
          assert.ok(shown.length > 60, `${shown.length} figures`);
          for (const { href, figure } of shown) {
            assert.equal(figure, rows.filter((row) => means(href, row)).length, href);
          }
          // Some of them as people go there: what is counted is what the queue has.
          const chosen = shown.filter((_, at) => at % 9 === 0);
          for (const { href, figure } of chosen) {
            // From a page without a queue, so that no number is left of the one before.
            await follow(page, '/import');
            await totalOn(page).waitFor({ state: 'detached' });
            await follow(page, href);
            assert.equal(await total(page), figure, href);
          }
        }));
    }

    test('the overtime rate is that of the rows', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/dashboard?range=all');
        const late = rows.filter((row) => row.is_overtime === 2).length;
        await page.getByText(`${late.toLocaleString('en')} / ${rows.length.toLocaleString('en')} 件`).waitFor();
        await page.getByText(`${(Math.round((10_000 * late) / rows.length) / 100).toFixed(1)}%`).waitFor();
      }));

    test('the tabs of the queue count what they show', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/queue');
        for (const tab of ['all', 'pending', 'processing', 'overdue', 'done']) {
          const counted = rows.filter((row) => means(`/queue?tab=${tab}`, row)).length;
          const button = page.locator(`[data-tab=${tab}]`);
          await button.click();
          await page.getByText(`共 ${counted.toLocaleString('en')} 条`, { exact: true }).waitFor();
          assert.equal(number(await button.textContent()), counted, tab);
        }
      }));
  });
}
