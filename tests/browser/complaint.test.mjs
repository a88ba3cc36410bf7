// What is done to complaints, one and many, on each database.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { launch, withPage } from './support/browser.mjs';
import { asUser, choose, signIn, total } from './support/console.mjs';
import { DATABASES } from './support/databases.mjs';
import { everyComplaint } from './support/recount.mjs';
import { call, serveDemo } from './support/server.mjs';

const drawer = (page) => page.getByRole('dialog', { name: '投诉单' });
const firstId = (page) => page.locator('[data-row]').first().getAttribute('data-row');

async function openFirst(page) {
  await page.locator('[data-row]').first().waitFor();
  const id = await firstId(page);
  await page.locator(`[data-row="${id}"] a`).first().click();
  await drawer(page).getByRole('heading', { name: id }).waitFor();
  return id;
}

/** The complaint as the server has it. */
const standing = async (demo, complaint_id) => (await call(demo, 'tousu.complaint.get', { complaint_id })).standing;
const history = async (demo, complaint_id) => (await call(demo, 'tousu.complaint.history', { complaint_id })).list;

/** What is kept of every complaint: whether an open one is late is the clock's, which goes on. */
const kept = async (demo) =>
  (await everyComplaint(demo)).map(({ is_overtime, ...row }) => (row.state === 2 ? { ...row, is_overtime } : row));

const waiting = async (demo, which = {}) =>
  (await call(demo, 'tousu.complaint.search', { state: [0], sort: 'complaint_time', page_size: 1, ...which })).list[0].complaint_id;

for (const [kind, make] of Object.entries(DATABASES)) {
  describe(kind, () => {
    let database, demo, browser;

    before(async () => {
      database = await make();
      demo = await serveDemo(database);
      browser = await launch();
      await call(demo, 'tousu.settings.set', {
        templates: [{ name: '已退款', text: '您好，订单 {{order}} 的款项已原路退回。' }],
        tags: ['退款'],
        merchant_closes: 1,
      });
    });

    after(async () => {
      await browser?.close();
      await demo?.stop();
      await database?.drop();
    });

    test('an agent answers the most urgent complaint, from a template', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto('/queue');
        const id = await openFirst(page);
        const { info } = await call(demo, 'tousu.complaint.get', { complaint_id: id });
        await page.keyboard.press('r');
        await choose(page, drawer(page).getByRole('combobox', { name: '插入模板' }), '已退款');
        const reply = drawer(page).getByRole('textbox', { name: '回复消费者' });
        const text = `您好，订单 ${info.complaint_resource_id} 的款项已原路退回。`;
        assert.equal(await reply.inputValue(), text);
        await reply.press('Control+Enter');
        await drawer(page).getByText('处理中').first().waitFor();
        const { state, current_step } = await standing(demo, id);
        assert.deepEqual([state, current_step], [1, 2]);
        const entry = (await history(demo, id)).at(-1);
        assert.equal(entry.operator, `${demo.users.agent.name} (${demo.users.agent.login})`);
        await page.keyboard.press('Escape');
        await page.locator('[data-tab=processing]').click();
        await page.locator(`[data-row="${id}"]`).waitFor();
      }));

    test('a reply may settle, a closing ends the deadline, and a reopening begins anew', () =>
      asUser(browser, demo, demo.users.supervisor, async (page) => {
        const id = await waiting(demo);
        await page.goto(`/complaints/${id}`);
        const reply = page.getByRole('textbox', { name: '回复消费者' });
        await reply.fill('已为您退款。');
        await page.getByText('回复后处理完成').click();
        await page.getByRole('button', { name: '发送回复' }).click();
        await page.getByText('已为您退款。').first().waitFor();
        await reply.waitFor({ state: 'detached' });
        assert.equal((await standing(demo, id)).state, 2);
        await page.getByRole('button', { name: '重新打开' }).click();
        await page.getByRole('menuitem', { name: /平台/ }).click();
        await page.getByRole('dialog').getByRole('button', { name: '重新打开' }).click();
        await page.getByRole('textbox', { name: '回复消费者' }).waitFor();
        assert.notEqual((await standing(demo, id)).state, 2);
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await page.locator('body').click({ position: { x: 640, y: 4 } });
        await page.keyboard.press('c');
        await page.getByRole('dialog').getByLabel('说明').fill('核实无误');
        await page.getByRole('dialog').getByRole('button', { name: '结单' }).click();
        await page.getByRole('button', { name: '重新打开' }).waitFor();
        assert.equal((await standing(demo, id)).state, 2);
        // The shop lets its own people close: it is they who did.
        const { event, actor } = (await history(demo, id)).at(-1);
        assert.deepEqual([event, actor], ['closed', 'merchant']);
      }));

    test('a note, a tag and an assignment are in the history, with who did it', () =>
      asUser(browser, demo, demo.users.agent, async (page) => {
        const id = await waiting(demo);
        await page.goto(`/complaints/${id}`);
        await page.getByText('内部备注').click();
        await page.getByRole('textbox', { name: '内部备注' }).fill('已电话核实');
        await page.getByRole('button', { name: '保存' }).click();
        await page.getByText('已电话核实').first().waitFor();
        await page.getByRole('button', { name: '归我处理' }).click();
        await page.getByRole('button', { name: '归我处理' }).waitFor({ state: 'detached' });
        const tags = page.getByRole('combobox', { name: '标签' });
        await tags.fill('急件');
        await tags.press('Enter');
        await page.waitForFunction(() => document.querySelector('[class*=timeline]').innerText.includes('急件'));
        const after = await standing(demo, id);
        assert.deepEqual([after.tags, after.assignee], [['急件'], demo.users.agent.name]);
      }));

    test('the phone is masked until it is asked for, with a reason that is kept', async () => {
      const { complaint } = await call(demo, 'tousu.complaint.create', {
        complaint_reason: '请回电', complainant_phone: '18812341474',
      });
      const id = complaint.complaint_id;
      await asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto(`/complaints/${id}`);
        await page.getByText('188****1474').waitFor();
        await page.getByRole('button', { name: '查看完整号码' }).click();
        await page.getByRole('dialog').getByRole('textbox').fill('电话核实退款');
        await page.getByRole('dialog').getByRole('button', { name: '查看', exact: true }).click();
        await page.getByText('18812341474').waitFor();
      });
      assert.match(JSON.stringify(await history(demo, id)), /电话核实退款/);
      await asUser(browser, demo, demo.users.viewer, async (page) => {
        await page.goto(`/complaints/${id}`);
        await page.getByText('188****1474').waitFor();
        assert.equal(await page.getByRole('button', { name: '查看完整号码' }).count(), 0);
      });
    });

    test('similar complaints of the same person and order are beside it', async () => {
      const same = { complaint_reason: '还是没有退款', complaint_resource_id: 'o_similar_1', complainant_phone: '13900001111' };
      const first = (await call(demo, 'tousu.complaint.create', same)).complaint.complaint_id;
      const second = (await call(demo, 'tousu.complaint.create', same)).complaint.complaint_id;
      await asUser(browser, demo, demo.users.agent, async (page) => {
        await page.goto(`/complaints/${first}`);
        await page.locator(`a[href*="${second}"]`).first().click();
        await page.getByRole('heading', { name: second, exact: true }).waitFor();
      });
    });

    test('two agents at once: the second sees what happened, and what they wrote is still there', async () => {
      const id = await waiting(demo);
      await asUser(browser, demo, demo.users.agent, (page) =>
        withPage(browser, demo.address, {}, async (other) => {
          await signIn(other, demo.users.supervisor);
          for (const each of [page, other]) await each.goto(`/complaints/${id}`);
          const mine = other.getByRole('textbox', { name: '回复消费者' });
          await mine.fill('第二个人写的');
          await page.getByRole('textbox', { name: '回复消费者' }).fill('第一个人写的');
          await page.getByRole('button', { name: '发送回复' }).click();
          await page.getByText('第一个人写的').first().waitFor();
          await other.getByText('您打开之后，这张投诉单有了变化').waitFor();
          await other.getByText('第一个人写的').first().waitFor();
          assert.equal(await mine.inputValue(), '第二个人写的');
          await other.getByRole('button', { name: '看过了，继续' }).click();
          await other.getByRole('button', { name: '发送回复' }).click();
          // In the story, and no longer in the field.
          await other.locator('[class*=timeline]').getByText('第二个人写的').waitFor();
        }));
      const replies = (await history(demo, id)).filter(({ event }) => /replied/.test(event));
      assert.equal(replies.length, 2);
    });

    test('two agents in the same moment: one is refused, told why, and nothing is lost', async () => {
      const id = await waiting(demo);
      await asUser(browser, demo, demo.users.agent, async (page) => {
        // The page hears of nothing: neither stream nor answer.
        await page.route('**/events*', () => {});
        await page.goto(`/complaints/${id}`);
        const reply = page.getByRole('textbox', { name: '回复消费者' });
        await reply.fill('晚了一步');
        await page.route(/tousu\.(queue\.get|complaint\.(get|history))/, () => {});
        await call(demo, 'tousu.complaint.reply', { complaint_id: id, content: '先到一步' });
        await page.unroute(/tousu\.(queue\.get|complaint\.(get|history))/);
        await page.getByRole('button', { name: '发送回复' }).click();
        await page.getByText('您打开之后，这张投诉单有了变化').waitFor();
        assert.equal(await reply.inputValue(), '晚了一步');
      });
      assert.equal((await history(demo, id)).filter(({ event }) => /replied/.test(event)).length, 1);
    });

    test('a supervisor assigns ten', () =>
      asUser(browser, demo, demo.users.supervisor, async (page) => {
        await page.goto('/queue?tab=pending&unassigned=1');
        await page.locator('[data-row]').nth(9).waitFor();
        const ids = (await page.locator('[data-row]').evaluateAll((rows) => rows.map((row) => row.dataset.row))).slice(0, 10);
        for (const id of ids) await page.getByRole('checkbox', { name: `选择 ${id}` }).click();
        await page.getByText('已选 10 条').waitFor();
        await page.getByRole('button', { name: '分派', exact: true }).click();
        const dialog = page.getByRole('dialog').filter({ hasText: '10 条投诉' });
        const name = demo.users.agent.name;
        await choose(page, dialog.getByRole('combobox', { name: '处理人' }), name);
        await dialog.getByRole('button', { name: '开始' }).click();
        await dialog.getByText('10 条全部成功').waitFor();
        await dialog.getByRole('button', { name: '完成' }).click();
        for (const id of ids) assert.equal((await standing(demo, id)).assignee, name);
      }));

    test('everything that matches is acted on, with a result for each', () =>
      asUser(browser, demo, demo.users.supervisor, async (page) => {
        await page.goto('/queue?tab=processing&channel=4');
        await page.locator('[data-row]').first().waitFor();
        const all = await total(page);
        await page.getByRole('checkbox', { name: '选择本页' }).click();
        await page.getByText(/^已选 \d+ 条$/).waitFor();
        const more = page.getByRole('button', { name: `选择全部 ${all} 条符合条件的` });
        if (await more.count()) await more.click();
        await page.getByRole('button', { name: '标签', exact: true }).click();
        const tags = page.getByRole('dialog').getByRole('combobox').first();
        await tags.fill('支付宝复查');
        await tags.press('Enter');
        await tags.press('Escape');
        await page.getByRole('dialog').getByRole('button', { name: '开始' }).click();
        await page.getByText(`${all} 条全部成功`).waitFor();
        await page.getByRole('dialog').getByRole('button', { name: '完成' }).click();
        const tagged = await call(demo, 'tousu.complaint.search', { tag: ['支付宝复查'], with_total: 1 });
        assert.equal(tagged.total, all);
      }));

    for (const format of ['csv', 'xlsx']) {
      test(`what is exported as ${format.toUpperCase()} is imported again as it is, and changes nothing`, () =>
        asUser(browser, demo, demo.users.agent, async (page) => {
          await page.goto('/queue?tab=all&channel=2');
          await page.locator('[data-row]').first().waitFor();
          const all = await total(page);
          await page.getByRole('button', { name: '导出' }).click();
          await page.getByRole('dialog').getByText(format === 'csv' ? /^CSV/ : /^Excel/).click();
          const download = page.waitForEvent('download');
          await page.getByRole('dialog').getByRole('button', { name: '导出' }).click();
          const saved = await download;
          const buffer = await readFile(await saved.path());
          await page.getByRole('dialog').getByRole('button', { name: '完成' }).click();
          const before = await kept(demo);
          await page.getByRole('link', { name: '导入' }).click();
          await page.locator('input[type=file]').setInputFiles({ name: saved.suggestedFilename(), mimeType: 'text/csv', buffer });
          await page.getByText(`共 ${all} 行`).waitFor();
          await page.getByRole('button', { name: '导入', exact: true }).click();
          await page.getByText(`新增 0 行，更新 0 行，重复 ${all} 行，被拒 0 行`).waitFor();
          assert.deepEqual(await kept(demo), before);
        }));
    }

    test('a viewer can do none of it', () =>
      asUser(browser, demo, demo.users.viewer, async (page) => {
        await page.goto('/queue');
        await page.locator('[data-row]').first().waitFor();
        assert.equal(await page.getByRole('checkbox', { name: /^选择/ }).count(), 0);
        assert.equal(await page.getByRole('link', { name: '导入' }).count(), 0);
        const id = await openFirst(page);
        for (const name of ['发送回复', '结单', '归我处理', '查看完整号码', '重新打开']) {
          assert.equal(await drawer(page).getByRole('button', { name }).count(), 0, name);
        }
        assert.equal(await drawer(page).getByRole('textbox').count(), 0);
        await page.keyboard.press('r');
        await page.keyboard.press('c');
        assert.equal(await page.getByRole('dialog').count(), 1);
        // Nor past the page: the server refuses with the viewer's own session.
        const codes = await page.evaluate(async (id) => {
          const ask = async (name, parameters, csrf = '') => (await fetch(`/${name}/1.0.0`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json', 'x-csrf-token': csrf,
              'x-app-id': new URLSearchParams(location.search).get('shop') ?? globalThis.shop,
            },
            body: JSON.stringify(parameters),
          })).json();
          const { data } = await ask('tousu.session.get', {});
          globalThis.shop = data.shops[0].app_id;
          const acts = {
            'tousu.complaint.reply': { complaint_id: id, content: '不该有' },
            'tousu.complaint.close': { complaint_id: id, by: 'merchant' },
            'tousu.complaint.assign': { complaint_id: id, assignee: '我' },
            'tousu.complaint.tag': { complaint_id: id, add: ['x'] },
            'tousu.complaint.note': { complaint_id: id, content: 'x' },
            'tousu.complaint.reveal': { complaint_id: id, reason: 'x' },
            'tousu.complaint.erase': { complaint_ids: [id] },
            'tousu.complaint.create': { complaint_reason: 'x' },
            'tousu.settings.set': { merchant_closes: 1 },
            'tousu.member.list': {},
            'tousu.app.list': {},
            'tousu.subscription.list': {},
          };
          const codes = {};
          for (const [name, parameters] of Object.entries(acts)) {
            codes[name] = (await ask(name, parameters, data.csrf_token)).code;
          }
          return codes;
        }, id);
        for (const [name, code] of Object.entries(codes)) assert.equal(code, 2017, name);
      }));
  });
}
