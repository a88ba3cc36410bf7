// The queue as agents have it open all day, on each database.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, withPage } from './support/browser.mjs';
import { asUser, choose, signIn, total } from './support/console.mjs';
import { DATABASES } from './support/databases.mjs';
import { everyComplaint, means } from './support/recount.mjs';
import { call, run, serveDemo } from './support/server.mjs';

/** A change is shown within this, in milliseconds. */
const SOON = 2000;

const rowIds = (page) =>
  page.locator('[data-row]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-row')));

const create = async (demo, complaint_reason) =>
  (await call(demo, 'tousu.complaint.create', { complaint_reason })).complaint.complaint_id;

for (const [kind, make] of Object.entries(DATABASES)) {
  describe(kind, () => {
    let database, demo, browser;

    before(async () => {
      database = await make();
      demo = await serveDemo(database);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await demo?.stop();
      await database?.drop();
    });

    test('a wrong password and an unknown login are told alike', () =>
      withPage(browser, demo.address, {}, async (page) => {
        const said = [];
        for (const login of [demo.users.agent.login, 'nobody']) {
          await page.goto('/sign-in');
          await page.getByLabel('账号').fill(login);
          await page.getByLabel('密码').fill('not the password');
          await page.getByLabel('密码').press('Enter');
          said.push(await page.getByRole('alert').innerText());
          // One goes on where one is: the button has its name again, and the password is to be typed anew.
          await page.getByRole('button', { name: '登录', exact: true }).waitFor();
          assert.ok(await page.getByLabel('密码').evaluate((input) => input === document.activeElement));
        }
        assert.equal(said[0], said[1]);
      }));

    test('who signs in anew in another window is who works in this one, too', () =>
      withPage(browser, demo.address, {}, async (page, context) => {
        await signIn(page, demo.users.agent);
        const other = await context.newPage();
        await other.goto('/favicon.svg');
        await other.evaluate(async ({ login, password }) => {
          const answer = await fetch('/tousu.session.open/1.0.0', {
            method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ login, password }),
          });
          return answer.json();
        }, demo.users.supervisor);
        await page.locator('[data-tab=processing]').click();
        await page.getByRole('button', { name: `${demo.users.supervisor.name} 的账号菜单` }).waitFor();
        await page.locator('[data-row]').first().waitFor();
      }));

    test('who is not signed in comes back to where they wanted to go', () =>
      withPage(browser, demo.address, {}, async (page) => {
        await page.goto('/queue?tab=overdue&channel=3');
        await page.getByLabel('账号').fill(demo.users.agent.login);
        await page.getByLabel('密码').fill(demo.users.agent.password);
        await page.getByRole('button', { name: '登录', exact: true }).click();
        await page.getByRole('heading', { level: 1, name: '投诉队列' }).waitFor();
        const address = new URL(page.url());
        assert.deepEqual([address.searchParams.get('tab'), address.searchParams.get('channel')], ['overdue', '3']);
      }));

    test('the home page has what waits, the most urgent first, with the time that is left', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/');
        await page.locator('[data-row]').first().waitFor();
        const waiting = (await everyComplaint(demo))
          .filter((row) => row.state === 0)
          .sort((a, b) => (a.operate_end_time < b.operate_end_time ? -1 : 1));
        const shown = await rowIds(page);
        const deadline = new Map(waiting.map((row) => [row.complaint_id, row.operate_end_time]));
        assert.deepEqual(
          shown.map((id) => deadline.get(id)),
          waiting.slice(0, shown.length).map((row) => row.operate_end_time),
        );
        await page.locator('[data-row]').first().getByText(/^(已超时|剩) /).waitFor();
      }));

    test('every filter is in the address, which a colleague opens to the same list', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue');
        await page.locator('[data-tab=all]').click();
        await page.waitForURL(/tab=all/);
        await choose(page, page.getByLabel('渠道', { exact: true }), '微信支付');
        await page.keyboard.press('Escape');
        const ofChannel = (await everyComplaint(demo)).filter((row) => row.channel_type === 3);
        await page.getByText(`共 ${ofChannel.length} 条`, { exact: true }).waitFor();
        await page.getByLabel('问题描述').last().fill('退款');
        await page.keyboard.press('Enter');
        await page.waitForURL(/q=/);
        assert.deepEqual([...new URL(page.url()).searchParams].sort(), [['channel', '3'], ['q', '退款'], ['tab', 'all']]);
        const expected = ofChannel.filter((row) => row.complaint_reason.includes('退款')).length;
        await page.getByText(`共 ${expected} 条`, { exact: true }).waitFor();
        const address = page.url();
        await withPage(browser, demo.address, {}, async (other) => {
          await signIn(other, demo.users.viewer);
          await other.goto(address);
          await other.getByText(`共 ${expected} 条`, { exact: true }).waitFor();
        });
      }));

    test('two conditions that are set before either is drawn both hold', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue?overtime=1');
        await page.locator('[data-row]').first().waitFor();
        await page.evaluate(() => {
          document.querySelector('search input[type=checkbox]').click();
          document.querySelector('[data-tab=all]').click();
        });
        await page.waitForURL(/tab=all/);
        assert.deepEqual(
          [...new URL(page.url()).searchParams].sort(), [['overtime', '1'], ['tab', 'all'], ['unassigned', '1']],
        );
        const expected = (await everyComplaint(demo)).filter((row) => means(page.url(), row)).length;
        await page.getByText(`共 ${expected.toLocaleString('en')} 条`, { exact: true }).waitFor();
      }));

    test('a saved view and chosen columns are there in another browser', async () => {
      await asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue?tab=all&channel=4&state=1');
        await page.getByRole('button', { name: '常用视图' }).click();
        await page.getByLabel('视图名称').fill('支付宝处理中');
        await page.getByRole('button', { name: '保存当前筛选' }).click();
        await page.getByRole('button', { name: '支付宝处理中' }).first().waitFor();
        await page.keyboard.press('Escape');
        await page.goto('/queue');
        await page.getByRole('columnheader', { name: '处理人' }).waitFor();
        const kept = page.waitForResponse(/tousu\.preference\.set/);
        await page.getByRole('button', { name: '显示的列' }).click();
        await page.getByRole('checkbox', { name: '处理人' }).click();
        await page.getByRole('columnheader', { name: '处理人' }).waitFor({ state: 'detached' });
        await kept;
      });
      await asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue');
        await page.locator('[data-row]').first().waitFor();
        await page.getByRole('columnheader', { name: '处理人' }).waitFor({ state: 'detached' });
        await page.getByRole('button', { name: '常用视图' }).click();
        await page.getByRole('button', { name: '支付宝处理中', exact: true }).click();
        await page.waitForURL(/channel=4/);
        const expected = (await everyComplaint(demo)).filter((row) => means(page.url(), row)).length;
        assert.equal(await total(page), expected);
      });
    });

    test('a new complaint appears in an open queue within two seconds', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue?tab=pending&sort=complaint_time');
        await page.locator('[data-row]').first().waitFor();
        await page.getByText('实时更新').waitFor();
        const before = await page.locator('[data-tab=pending]').textContent();
        const id = await create(demo, '刚刚买的课打不开');
        const since = performance.now();
        await page.locator(`[data-row="${id}"]`).waitFor({ timeout: SOON });
        assert.ok(performance.now() - since < SOON);
        await page.waitForFunction(
          (before) => document.querySelector('[data-tab=pending]').textContent !== before, before, { timeout: SOON },
        );
      }));

    test('what one is reading does not move: what came in waits for a press', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue?tab=pending&sort=complaint_time');
        await page.locator('[data-row]').nth(5).hover();
        await page.getByText('实时更新').waitFor();
        const before = await rowIds(page);
        const id = await create(demo, '正在看的时候来的');
        const bar = page.getByRole('button', { name: /条新进入/ });
        await bar.waitFor({ timeout: SOON });
        assert.deepEqual(await rowIds(page), before);
        await bar.click();
        await page.locator(`[data-row="${id}"]`).waitFor();
      }));

    test('a new complaint that is on another page is told of, and found', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue');
        await page.locator('[data-row]').first().waitFor();
        await page.getByText('实时更新').waitFor();
        const id = await create(demo, '还早的投诉');
        const told = page.getByRole('button', { name: /条新投诉在其他页/ });
        await told.waitFor({ timeout: SOON });
        // Complaint times are whole seconds: one that came in right before the page, in its second, counts too.
        assert.match(await told.innerText(), /^[12] 条/);
        await told.click();
        await page.locator(`[data-row="${id}"]`).waitFor();
        await told.waitFor({ state: 'detached' });
      }));

    test('changes come in without the stream as well', () =>
      withPage(browser, demo.address, { tolerate: (text) => text.includes('/events') || /ERR_FAILED/.test(text) }, async (page) => {
        await page.route('**/events*', (route) => route.abort());
        await signIn(page, demo.users.agent);
        await page.goto('/queue?tab=pending&sort=complaint_time');
        await page.locator('[data-row]').first().waitFor();
        await page.getByText('定时更新').waitFor();
        const id = await create(demo, '没有推送也要看到');
        await page.locator(`[data-row="${id}"]`).waitFor({ timeout: 10_000 });
      }));

    test('pages are turned and jumped to', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue?tab=all');
        await page.locator('[data-row]').first().waitFor();
        const first = await rowIds(page);
        const jumper = page.locator('.ant-pagination-options-quick-jumper input');
        await jumper.fill('7');
        await jumper.press('Enter');
        await page.waitForURL(/page=7/);
        await page.waitForFunction((id) => !document.querySelector(`[data-row="${id}"]`), first[0]);
        const seventh = await rowIds(page);
        assert.equal(seventh.length, first.length);
        assert.ok(!seventh.some((id) => first.includes(id)));
      }));

    test('the keyboard goes through the list', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue');
        await page.locator('[data-row]').first().waitFor();
        const ids = await rowIds(page);
        await page.keyboard.press('j');
        await page.keyboard.press('j');
        await page.keyboard.press('j');
        await page.keyboard.press('k');
        await page.keyboard.press('Enter');
        await page.waitForURL(new RegExp(`open=${ids[1]}`));
        await page.getByRole('dialog', { name: '投诉单' }).getByText(ids[1]).first().waitFor();
        await page.keyboard.press('j');
        await page.getByRole('dialog', { name: '投诉单' }).getByText(ids[2]).first().waitFor();
        await page.keyboard.press('Escape');
        await page.waitForURL((url) => !url.searchParams.has('open'));
        await page.waitForFunction((id) => document.activeElement?.closest('[data-row]')?.dataset.row === id, ids[2]);
        await page.keyboard.press('/');
        assert.equal(await page.evaluate(() => document.activeElement.tagName), 'INPUT');
        await page.keyboard.press('Escape');
        await page.evaluate(() => document.activeElement.blur());
        await page.keyboard.press('?');
        await page.getByRole('dialog').getByText('键盘快捷键').first().waitFor();
      }));

    test('who works for two shops sees one at a time, and the address says which', async () => {
      await run(database, 'shop', 'add', 'appSecond', '--name', '第二家店');
      await run(database, 'user', 'role', 'supervisor', '--shop', 'appSecond', '--role', 'viewer');
      await withPage(browser, demo.address, {}, async (page) => {
        await signIn(page, demo.users.supervisor);
        await page.locator('[data-row]').first().waitFor();
        await choose(page, page.getByRole('combobox', { name: '店铺' }), '第二家店');
        await page.getByText('这里清空了').waitFor();
        await page.waitForURL(/shop=appSecond/);
        await page.getByText('实时更新').waitFor();
        // Its version is another than that of the shop that one was in.
        await run(database, 'complaint', '--shop', 'appSecond', 'create', '第二家店的投诉');
        await page.getByText('第二家店的投诉').waitFor({ timeout: SOON });
        assert.equal(await page.getByRole('link', { name: '导入' }).count(), 0, 'a viewer there');
        await page.goto(`/queue?shop=${demo.app_id}`);
        await page.locator('[data-row]').first().waitFor();
        assert.equal(await page.getByRole('link', { name: '导入' }).count(), 1, 'a supervisor here');
      });
      // Whoever was sent an address of the other shop stays there, in this window and the next.
      await withPage(browser, demo.address, {}, async (page) => {
        await signIn(page, demo.users.supervisor);
        await page.goto('/queue?shop=appSecond');
        await page.getByText('第二家店的投诉').waitFor();
        assert.match(await page.locator('[data-row] a').first().getAttribute('href'), /shop=appSecond/);
        await page.getByRole('link', { name: '数据看板' }).click();
        await page.getByRole('heading', { level: 1, name: '数据看板' }).waitFor();
        await page.waitForURL(/dashboard\?.*shop=appSecond/);
        await page.getByRole('link', { name: '投诉队列' }).click();
        await page.getByText('第二家店的投诉').waitFor();
      });
      await asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue?shop=appSecond');
        await page.locator('[data-row]').first().waitFor();
        assert.equal(await page.getByRole('combobox', { name: '店铺' }).count(), 0);
      });
    });

    test('who signs out is out, in every window', () =>
      withPage(browser, demo.address, {}, async (page, context) => {
        await signIn(page, demo.users.agent);
        const other = await context.newPage();
        await other.goto('/dashboard');
        await other.getByRole('heading', { level: 1, name: '数据看板' }).waitFor();
        await page.getByRole('button', { name: /账号菜单/ }).click();
        await page.getByRole('menuitem', { name: '退出登录' }).click();
        await page.getByRole('button', { name: '登录', exact: true }).waitFor();
        await other.reload();
        await other.getByRole('button', { name: '登录', exact: true }).waitFor();
      }));

    test('an empty list, a failing server and a lost network are told', () =>
      asUser(browser, demo, demo.users.agent, async (page, context) => {
        await page.goto('/queue?tab=all&q=查无此事');
        await page.getByText('没有符合条件的投诉').waitFor();
        await page.getByRole('button', { name: '清除筛选' }).click();
        await page.locator('[data-row]').first().waitFor();
        await context.setOffline(true);
        await page.getByText(/网络已断开/).waitFor();
        await context.setOffline(false);
        await page.getByText(/网络已断开/).waitFor({ state: 'detached' });
      }, { tolerate: (text) => /ERR_INTERNET_DISCONNECTED/.test(text) }));
  });
}
