// The documentation page at /docs, in a browser, against the server with its demo data. TOUSU_BIN is the built binary.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, overflow, PHONE, withPage as withPageOf } from './support/browser.mjs';
import { DATABASES } from './support/databases.mjs';
import { serveDemo } from './support/server.mjs';

const LIST = 'xe.pay_through.complaint_record.xe.b_complaints.list';

let database, demo, browser;

before(async () => {
  database = await DATABASES.SQLite();
  demo = await serveDemo(database);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  await database?.drop();
});

/** Runs `body` on a fresh page, which must end without a console error or a violation of the policy. */
const withPage = (options, body) => withPageOf(browser, demo.address, options, body);

const open = async (page, id = LIST) => {
  await page.goto(`/docs#/${id}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
};

const send = (page) => page.getByRole('button', { name: '发送请求' }).click();

/** Waits until the response pane's verdict says `text`, and gives the body that it shows. */
async function answer(page, text) {
  await page.getByRole('status').filter({ hasText: text }).waitFor();
  return JSON.parse(await page.locator('[data-response]').textContent());
}

for (const viewport of [DESKTOP, PHONE]) {
  test(`the list call answers in the response pane at ${viewport.width} px`, () =>
    withPage({ viewport }, async (page) => {
      await open(page);
      await page.getByLabel('access_token', { exact: true }).fill(demo.access_token);
      await page.getByLabel('page_size', { exact: true }).fill('3');
      await send(page);
      const { code, data } = await answer(page, '成功');
      assert.equal(code, 0);
      assert.equal(data.list.length, 3);
      assert.ok(data.total >= 3);
      await page.getByText('RateLimit-Remaining').waitFor();
      assert.ok(await overflow(page) <= 0, 'the page scrolls sideways');
    }));
}

test('no view scrolls sideways on a phone', () =>
  withPage({ viewport: PHONE }, async (page) => {
    await page.goto('/docs');
    await page.getByRole('button', { name: '目录' }).click();
    const links = page.locator('#interfaces > li > a');
    await links.first().waitFor();
    const targets = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href').slice(2)));
    assert.ok(targets.includes(LIST));
    for (const id of targets) {
      await open(page, id);
      await page.locator(`#page[data-shown="${id}"]`).waitFor();
      assert.ok(await overflow(page) <= 0, `#/${id} scrolls sideways`);
    }
  }));

test('the credentials dialog gets a token, and keeps no secret', () =>
  withPage({}, async (page) => {
    await open(page);
    await page.getByRole('button', { name: '获取', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('app_id').fill(demo.app_id);
    await dialog.getByLabel('client_id').fill(demo.client_id);
    await dialog.getByLabel('secret_key').fill('wrong');
    await dialog.getByRole('button', { name: '获取' }).click();
    await dialog.getByRole('alert').filter({ hasText: '2004' }).waitFor();
    await dialog.getByLabel('secret_key').fill(demo.secret_key);
    await dialog.getByRole('button', { name: '获取' }).click();
    await dialog.waitFor({ state: 'detached' });
    await send(page);
    assert.equal((await answer(page, '成功')).code, 0);
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.ok(!stored.includes(demo.secret_key));
    assert.ok(!page.url().includes('token'));
  }));

test('an error shows its code and what it means', () =>
  withPage({}, async (page) => {
    await open(page);
    await page.getByLabel('access_token', { exact: true }).fill('wrong');
    await send(page);
    const { code, data } = await answer(page, '2008 access_token 已过期或不存在');
    assert.equal(code, 2008);
    assert.equal(data, null);
  }));

test('every field is described, those of nested lists in tables of their own', () =>
  withPage({}, async (page) => {
    await open(page);
    const names = (selector) => page.locator(`${selector} td:first-child`).allTextContents();
    assert.equal((await names('table.parameters')).length, 9);
    const answer = await names('table.response');
    assert.deepEqual(answer.slice(0, 4), ['code', 'msg', 'data.list', 'data.total']);
    assert.equal(answer.length, 4 + 16);
    await page.locator('summary').click();
    await page.getByText('外部-400热线/IM').waitFor();
    assert.ok(!(await page.locator('#page').innerText()).includes('[object'));
  }));

test('the raw body is sent as it was edited', () =>
  withPage({}, async (page) => {
    await open(page);
    await page.getByLabel('access_token', { exact: true }).fill(demo.access_token);
    await page.getByLabel('page_size', { exact: true }).fill('2');
    await page.getByRole('switch', { name: '编辑 JSON' }).click();
    const body = page.getByLabel('请求体');
    assert.deepEqual(JSON.parse(await body.inputValue()), { access_token: demo.access_token, page_size: 2 });
    await body.fill(JSON.stringify({ access_token: demo.access_token, page_size: 1, state: '' }));
    await send(page);
    assert.equal((await answer(page, '成功')).data.list.length, 1);
  }));

test('the language switches, is remembered, and keeps what was entered', () =>
  withPage({}, async (page) => {
    await open(page);
    await page.getByRole('heading', { level: 1, name: '获取B端投诉列表' }).waitFor();
    await page.getByLabel('page_size', { exact: true }).fill('7');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { level: 1, name: 'List complaints' }).waitFor();
    assert.equal(await page.getByLabel('page_size', { exact: true }).inputValue(), '7');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'List complaints' }).waitFor();
  }));

test('the navigation filters, and leads to the return codes', () =>
  withPage({}, async (page) => {
    await open(page, '');
    await page.getByLabel('筛选接口').fill('b_complaints');
    const paths = page.locator('.nav .nav-path');
    await page.waitForFunction(() => document.querySelectorAll('.nav .nav-path').length === 1);
    assert.match(await paths.textContent(), /b_complaints\.list/);
    await page.getByRole('link', { name: '返回码' }).click();
    await page.getByRole('cell', { name: '2053' }).waitFor();
  }));
