// What managers and administrators do in the console, on each database.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { launch, withPage } from './support/browser.mjs';
import { asUser, choose, number, signIn, total } from './support/console.mjs';
import { DATABASES } from './support/databases.mjs';
import { everyComplaint } from './support/recount.mjs';
import { receive } from './support/receiver.mjs';
import { call, serveDemo } from './support/server.mjs';
import { totp } from './support/totp.mjs';

const dialog = (page) => page.getByRole('dialog');

for (const [kind, make] of Object.entries(DATABASES)) {
  describe(kind, () => {
    let database, demo, browser, receiver;

    before(async () => {
      database = await make();
      // Notices may go to this machine, so that the tests can take them.
      demo = await serveDemo(database, 'notices.http=true', 'notices.private_targets=true');
      browser = await launch();
      receiver = await receive();
    });

    after(async () => {
      await browser?.close();
      receiver?.close();
      await demo?.stop();
      await database?.drop();
    });

    test('a manager finds the course with most complaints, and its complaints', async () => {
      const counts = new Map();
      for (const row of await everyComplaint(demo)) {
        const course = row.complaint_resource_id;
        counts.set(course, (counts.get(course) ?? 0) + 1);
      }
      const [course, count] = [...counts].sort((a, b) => b[1] - a[1])[0];
      await asUser(browser, demo, demo.users.viewer, async (page) => {
        await page.goto('/queue');
        await page.getByRole('link', { name: '数据看板' }).click();
        await page.getByText('全部', { exact: true }).click();
        await page.waitForURL(/range=all/);
        const first = page.getByRole('table', { name: '投诉最多的资源或订单' }).getByRole('row').nth(1);
        await first.getByText(course).waitFor();
        await first.getByRole('link', { name: String(count), exact: true }).click();
        await page.locator('[data-row]').first().waitFor();
        assert.equal(await total(page), count);
        assert.equal(await page.evaluate(() => scrollY), 0, 'at the top, wherever the figure was');
        assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
      });
    });

    test('the dashboard says at once whether anything is overdue, and leads there', () =>
      asUser(browser, demo, demo.users.viewer, async (page) => {
        await page.goto('/dashboard');
        const verdict = page.getByRole('status').getByRole('link', { name: /件投诉已超时/ });
        const late = number(await verdict.textContent());
        await verdict.click();
        await page.locator('[data-row]').first().waitFor();
        assert.equal(await total(page), late);
      }));

    test('a bar of a chart leads where its figure does', () =>
      asUser(browser, demo, demo.users.viewer, async (page) => {
        await page.goto('/dashboard?range=7d');
        const chart = page.getByRole('img', { name: /^每日投诉/ });
        await chart.locator('svg text').first().waitFor();
        const boxes = await Promise.all((await chart.locator('path[fill="#3457d5"]').all()).map((path) => path.boundingBox()));
        const tallest = boxes.reduce((best, box) => (box.height > best.height ? box : best));
        await page.mouse.click(tallest.x + tallest.width / 2, tallest.y + tallest.height / 2);
        await page.getByRole('heading', { level: 1, name: '投诉队列' }).waitFor();
        assert.match(page.url(), /tab=all&from=(\d{4}-\d\d-\d\d)&to=\1/);
      }));

    test('the range is in the address, and the channels with it', () =>
      asUser(browser, demo, demo.users.viewer, async (page) => {
        await page.goto('/dashboard');
        await page.getByText('近 7 天').click();
        await choose(page, page.getByRole('combobox', { name: '渠道' }), '微信支付');
        await page.waitForURL(/range=7d&channel=3/);
        await page.reload();
        await page.getByRole('table', { name: '按渠道' }).waitFor();
        assert.equal(await page.getByRole('table', { name: '按渠道' }).getByRole('row').count(), 2);
      }));

    test('an administrator makes an application, calls the list with its token, and ends it', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/queue');
        await page.getByRole('link', { name: '设置' }).click();
        await page.getByRole('link', { name: '应用', exact: true }).click();
        await page.getByRole('button', { name: '新建应用' }).click();
        await dialog(page).getByLabel('名称').fill('报表程序');
        await dialog(page).getByRole('button', { name: '保存' }).click();
        await page.getByText('应用已建立').waitFor();
        const [app_id, client_id, secret_key] = await dialog(page).locator('.ant-typography').allInnerTexts();
        await dialog(page).getByRole('button', { name: '我已保存' }).click();
        const ask = async (path, body) => (await fetch(`${demo.address}${path}`, {
          method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
        })).json();
        const token = await ask('/token', {
          app_id: app_id.trim(), client_id: client_id.trim(), secret_key: secret_key.trim(),
          grant_type: 'client_credential',
        });
        const list = (access_token) =>
          ask('/xe.pay_through.complaint_record.xe.b_complaints.list/1.0.0', { access_token, page_size: 1 });
        const answer = await list(token.data.access_token);
        assert.equal(answer.code, 0, answer.msg);
        assert.equal(answer.data.list.length, 1);
        // Writing was not granted.
        const refused = await ask('/tousu.complaint.create/1.0.0', {
          access_token: token.data.access_token, complaint_reason: '不该有',
        });
        assert.equal(refused.code, 2017, refused.msg);

        const row = page.getByRole('row').filter({ hasText: '报表程序' });
        await row.getByRole('button', { name: /更多操作/ }).click();
        await page.getByRole('menuitem', { name: '停用' }).click();
        await dialog(page).getByRole('button', { name: '停用' }).click();
        await row.getByText('已停用').waitFor();
        assert.notEqual((await list(token.data.access_token)).code, 0);

        await page.getByRole('button', { name: '编辑应用“报表程序”' }).click();
        await dialog(page).getByLabel('允许的地址').fill('not-an-address');
        await dialog(page).getByRole('button', { name: '保存' }).click();
        await page.getByText(/allow_ips/).waitFor();
        await dialog(page).getByLabel('允许的地址').fill('203.0.113.0/24');
        await dialog(page).getByRole('button', { name: '保存' }).click();
        await row.getByText('203.0.113.0/24').waitFor();
      }));

    test('calls and refusals of an application are counted by day', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/settings/apps');
        const row = page.getByRole('row').filter({ hasText: demo.client_id });
        await row.getByRole('button', { name: /更多操作/ }).click();
        await page.getByRole('menuitem', { name: '调用量' }).click();
        const today = dialog(page).getByRole('row').nth(1);
        await today.waitFor();
        assert.ok(number(await today.getByRole('cell').first().textContent()) > 10);
      }));

    test('a secret is rotated, and the old one is worth nothing', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/settings/apps');
        await page.getByRole('button', { name: '新建应用' }).click();
        await dialog(page).getByLabel('名称').fill('旧程序');
        await dialog(page).getByRole('button', { name: '保存' }).click();
        await page.getByText('应用已建立').waitFor();
        const before = await dialog(page).locator('.ant-typography').allInnerTexts();
        await dialog(page).getByRole('button', { name: '我已保存' }).click();
        const row = page.getByRole('row').filter({ hasText: '旧程序' });
        await row.getByRole('button', { name: /更多操作/ }).click();
        await page.getByRole('menuitem', { name: '更换密钥' }).click();
        await dialog(page).getByRole('button', { name: '更换密钥' }).click();
        await page.getByText('密钥已更换').waitFor();
        const after = await dialog(page).locator('.ant-typography').allInnerTexts();
        const token = async ([app_id, client_id, secret_key]) => {
          const answer = await fetch(`${demo.address}/token`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({
              app_id: app_id.trim(), client_id: client_id.trim(), secret_key: secret_key.trim(),
              grant_type: 'client_credential',
            }),
          });
          return (await answer.json()).code;
        };
        assert.deepEqual([await token(before) === 0, await token(after)], [false, 0]);
      }));

    test('a member joins with a password that is shown once, and loses access at the next call', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/settings/members');
        await page.getByRole('button', { name: '新增成员' }).click();
        await dialog(page).getByLabel('登录名').fill('xiaozhao');
        await dialog(page).getByLabel('姓名').fill('小赵');
        await dialog(page).getByRole('button', { name: '保存' }).click();
        await page.getByText('账号已建立').waitFor();
        const [login, password] = (await dialog(page).locator('.ant-typography').allInnerTexts()).map((text) => text.trim());
        await dialog(page).getByRole('button', { name: '我已保存' }).click();
        await page.getByRole('row').filter({ hasText: '小赵' }).waitFor();

        await withPage(browser, demo.address, {}, async (other) => {
          await signIn(other, { login, password });
          assert.equal(await other.getByRole('link', { name: '导入' }).count(), 1);
          // A viewer from now on.
          await choose(page, page.getByRole('combobox', { name: '小赵 的角色' }), '只读');
          await page.getByText('已保存').waitFor();
          await other.reload();
          await other.getByRole('heading', { level: 1, name: '投诉队列' }).waitFor();
          assert.equal(await other.getByRole('link', { name: '导入' }).count(), 0);
          // And then none of the shop's.
          await page.getByRole('button', { name: '把 小赵 移出本店' }).click();
          await page.locator('.ant-popconfirm').getByRole('button', { name: '确定' }).click();
          await page.getByText('已移出').waitFor();
          await other.reload();
          await other.getByText('您还没有加入任何店铺').waitFor();
        });
      }));

    test('the last administrator stays', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/settings/members');
        const self = page.getByRole('row').filter({ hasText: '本人' });
        await self.getByRole('button', { name: /移出本店/ }).click();
        await page.locator('.ant-popconfirm').getByRole('button', { name: '确定' }).click();
        await page.locator('.ant-message-error').waitFor();
        await self.waitFor();
      }));

    test('a deadline is changed: tried first, then saved, and running ones are moved as tried', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/settings/deadlines');
        await page.getByRole('button', { name: '新增规则' }).click();
        await choose(page, dialog(page).getByLabel('适用于'), '支付宝');
        await dialog(page).getByRole('spinbutton', { name: '期限' }).fill('24');
        await dialog(page).locator('.ant-picker-clear').click({ force: true });
        await dialog(page).getByRole('button', { name: '加入' }).click();
        await page.getByText('规则有改动，还没有保存').waitFor();
        await page.getByText('同时重算正在计时的期限').click();
        await page.getByRole('button', { name: '试算' }).click();
        const told = page.getByText(/试算：\d+ 件投诉的时限会改变|没有投诉的时限会因此改变/);
        await told.waitFor();
        const before = (await call(demo, 'tousu.settings.get')).deadline_rules;
        assert.deepEqual(before, [], 'a trial changes nothing');
        await page.getByRole('button', { name: '保存' }).click();
        await page.getByText('已保存').first().waitFor();
        const [rule] = (await call(demo, 'tousu.settings.get')).deadline_rules;
        assert.deepEqual(rule, {
          id: 'own.channel-4.settlement', version: 1, channel: 4, stage: 'settlement', kind: { hours: 24 },
          title: '支付宝：24 小时内处理完结 ¦ Alipay: settled within 24 hours',
        });
        await page.getByRole('row').filter({ hasText: '24 小时' }).getByText('生效中').waitFor();
        // The next version leaves the first as it is.
        await page.getByRole('row').filter({ hasText: '24 小时' }).getByRole('button', { name: /改期限/ }).click();
        await dialog(page).getByRole('spinbutton', { name: '期限' }).fill('36');
        await dialog(page).getByRole('button', { name: '加入' }).click();
        const kept = page.waitForResponse(/tousu\.settings\.set/);
        await page.getByRole('button', { name: '保存' }).click();
        await kept;
        await page.getByRole('row').filter({ hasText: '24 小时' }).getByText('已被新版替代').waitFor();
        const rules = (await call(demo, 'tousu.settings.get')).deadline_rules;
        assert.deepEqual(rules.map(({ version, kind }) => [version, kind]), [[1, { hours: 24 }], [2, { hours: 36 }]]);
      }));

    test('alarm hours, templates and tags are the shop’s after they were saved', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        const save = async () => {
          const answered = page.waitForResponse(/tousu\.settings\.set/);
          await page.getByRole('button', { name: '保存' }).last().click();
          assert.equal((await (await answered).json()).code, 0);
        };
        await page.goto('/settings/handling');
        const hours = page.getByRole('combobox', { name: '到期前多少小时提醒' });
        await hours.fill('2');
        await hours.press('Enter');
        await save();
        assert.deepEqual((await call(demo, 'tousu.settings.get')).remind_hours, [24, 4, 2, 1]);

        await page.getByRole('link', { name: '回复模板' }).click();
        await page.getByRole('button', { name: '新增模板' }).click();
        await dialog(page).getByLabel('名称').fill('退款进度');
        await dialog(page).getByLabel('内容').fill('您好，订单 {{phone}} ');
        await dialog(page).getByRole('button', { name: '保存' }).click();
        await page.getByText('没有变量 {{phone}}').waitFor();
        await dialog(page).getByLabel('内容').fill('您好，订单 ');
        await dialog(page).getByRole('button', { name: '{{order}}' }).click();
        await dialog(page).getByText('您好，订单 E20240417180801783546V2').waitFor();
        await save();
        await page.getByRole('heading', { name: '退款进度' }).waitFor();

        await page.getByRole('link', { name: '标签' }).click();
        const tags = page.getByRole('combobox', { name: '可选标签' });
        await tags.fill('退款');
        await tags.press('Enter');
        await save();
        const { templates, tags: kept } = await call(demo, 'tousu.settings.get');
        assert.deepEqual(templates.at(-1), { name: '退款进度', text: '您好，订单 {{order}}' });
        assert.deepEqual(kept, ['退款']);
      }));

    test('a webhook is made and tried; what failed is in the log and sent again', () =>
      asUser(browser, demo, demo.users.admin, async (page) => {
        await page.goto('/settings/notices');
        await page.getByRole('button', { name: '新增通知' }).click();
        await choose(page, dialog(page).getByLabel('方式'), '签名的 HTTP 回调');
        await dialog(page).getByLabel('名称').fill('工单系统');
        await dialog(page).getByLabel('地址').fill(receiver.url);
        // Deadlines of the demo pass meanwhile, too.
        await choose(page, dialog(page).getByLabel('事件'), '新投诉');
        await dialog(page).getByText('新增通知').click();
        await dialog(page).getByRole('button', { name: '保存' }).click();
        await page.getByText('通知已建立').waitFor();
        assert.match(await dialog(page).locator('.ant-typography').innerText(), /^whsec_/);
        await dialog(page).getByRole('button', { name: '我已保存' }).click();
        await page.getByRole('button', { name: '向“工单系统”发送测试通知' }).click();
        await page.getByText('测试通知已送达').waitFor();
        assert.match(receiver.received.at(-1).body, /subscription\.test/);

        // 415 is given up at once.
        receiver.status = 415;
        await call(demo, 'tousu.complaint.create', { complaint_reason: '课程打不开，要退款' });
        await receiver.arrived(/complaint\.created/);
        // The page follows what happens.
        await page.getByText(/已放弃 1/).waitFor();
        receiver.status = 200;
        await page.getByRole('button', { name: '“工单系统”的投递记录' }).click();
        const row = dialog(page).getByRole('row').filter({ hasText: '新投诉' });
        await row.getByText('HTTP 415').waitFor();
        await row.getByRole('button', { name: /重新投递/ }).click();
        await row.getByText('已送达').waitFor();
        assert.match(receiver.received.at(-1).body, /complaint\.created/);
      }));

    test('a file is matched, tried, imported and its refused rows downloaded; again it changes nothing', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        const file = (rows) => ({
          name: '投诉.csv',
          mimeType: 'text/csv',
          buffer: Buffer.from(`\u{feff}${rows.map((row) => row.join(',')).join('\r\n')}\r\n`),
        });
        const example = JSON.parse(
          await readFile(new URL('../../crates/server/tests/golden/page_example_rows.json', import.meta.url), 'utf8'),
        )[0];
        const names = Object.keys(example);
        const like = (changed) => names.map((name) => ({ ...example, ...changed })[name]);
        const heading = names.map((name) => (name === 'complaint_reason' ? '客户说了什么' : name));
        const rows = [
          heading,
          like({ complaint_id: 'c_import_1', complaint_reason: '一' }),
          like({ complaint_id: 'c_import_2', complaint_reason: '二' }),
          like({ complaint_id: 'c_import_3', complaint_time: '昨天' }),
        ];
        await page.goto('/import');
        await page.locator('input[type=file]').setInputFiles(file(rows));
        await page.getByText('共 3 行').waitFor();
        await choose(page, page.getByRole('combobox', { name: '“客户说了什么”导入为' }), /问题描述/);
        await page.getByRole('button', { name: '试导入' }).click();
        await page.getByText('可新增 2 行，更新 0 行，重复 0 行，不能导入 1 行').waitFor();
        await page.getByRole('button', { name: '导入', exact: true }).click();
        await page.getByText('新增 2 行，更新 0 行，重复 0 行，被拒 1 行').waitFor();
        const download = page.waitForEvent('download');
        await page.getByRole('button', { name: '下载被拒的行' }).click();
        const rejects = await readFile(await (await download).path(), 'utf8');
        assert.match(rejects, /c_import_3/);
        const { info } = await call(demo, 'tousu.complaint.get', { complaint_id: 'c_import_2' });
        assert.equal(info.complaint_reason, '二');

        await page.getByRole('button', { name: '再导入一个' }).click();
        await page.locator('input[type=file]').setInputFiles(file(rows.slice(0, 3)));
        await choose(page, page.getByRole('combobox', { name: '“客户说了什么”导入为' }), /问题描述/);
        await page.getByRole('button', { name: '导入', exact: true }).click();
        await page.getByText('新增 0 行，更新 0 行，重复 2 行，被拒 0 行').waitFor();
      }));

    test('one-time codes are turned on, asked for at the door, and turned off', () =>
      asUser(browser, demo, demo.users.viewer, async (page) => {
        await page.goto('/settings/account');
        await page.getByRole('button', { name: '启用' }).click();
        const secret = (await dialog(page).locator('.ant-typography').innerText()).trim();
        await dialog(page).getByLabel('6 位数字').fill(totp(secret));
        await dialog(page).getByRole('button', { name: '确认' }).click();
        await page.getByText('动态口令已启用').waitFor();
        await withPage(browser, demo.address, {}, async (other) => {
          await other.goto('/sign-in');
          await other.getByLabel('账号').fill(demo.users.viewer.login);
          await other.getByLabel('密码').fill(demo.users.viewer.password);
          await other.getByRole('button', { name: '登录', exact: true }).click();
          // A code is good once: the one above was the step's, so that the next one is taken.
          await other.getByLabel('动态口令').fill(totp(secret, 1));
          await other.getByLabel('动态口令').press('Enter');
          await other.getByRole('heading', { level: 1, name: '投诉队列' }).waitFor();
        });
      }));

    test('a token for /docs with one click, which may do what its user may', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/docs#/tousu.queue.get');
        await page.getByRole('button', { name: '使用我的登录' }).click();
        await page.getByRole('button', { name: '发送请求' }).click();
        await page.getByRole('status').filter({ hasText: '成功' }).waitFor();
        await page.goto('/docs#/tousu.app.list');
        await page.getByRole('button', { name: '发送请求' }).click();
        await page.getByRole('status').filter({ hasText: '2017' }).waitFor();
      }));

    test('an agent of a shop that does not close complaints itself reads what to do instead', async () => {
      const { list } = await call(demo, 'tousu.complaint.search', { state: [0], page_size: 1 });
      await asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto(`/complaints/${list[0].complaint_id}`);
        await page.getByText(/店铺未开放商家自行结单/).waitFor();
        assert.equal(await page.getByRole('button', { name: '结单' }).count(), 0);
      });
    });

    test('who may not, is shown neither the ways nor the pages', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/settings');
        await page.getByRole('heading', { level: 1, name: '我的账号' }).waitFor();
        assert.equal(await page.getByRole('link', { name: '成员' }).count(), 0);
        for (const part of ['members', 'apps', 'notices']) {
          await page.goto(`/settings/${part}`);
          await page.getByText('这里由管理员设置').waitFor();
        }
        await page.goto('/settings/handling');
        await page.getByText('您可以查看，更改由管理员进行。').waitFor();
        assert.equal(await page.getByRole('button', { name: '保存' }).count(), 0);
      }));
  });
}
