// What people write is text, wherever it is shown: no script of theirs runs, no tag of theirs is one.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './support/browser.mjs';
import { asUser } from './support/console.mjs';
import { DATABASES } from './support/databases.mjs';
import { call, serveDemo } from './support/server.mjs';

/** Script in each of the ways in which it could get in, with a mark to find it by. */
const script = (mark) =>
  `${mark}<img src=x onerror="globalThis.stolen='${mark}'"><script>globalThis.stolen='${mark}'</script>"'--><svg/onload=stolen=1>`;

let database, demo, browser, complaint_id;

before(async () => {
  database = await DATABASES.SQLite();
  demo = await serveDemo(database);
  browser = await launch();
  await call(demo, 'tousu.settings.set', {
    templates: [{ name: script('模板名').slice(0, 64), text: script('模板') }],
    tags: [script('备选').slice(0, 64)],
  });
  const created = await call(demo, 'tousu.complaint.create', {
    complaint_reason: script('原因'),
    complaint_content_msg: script('内容'),
    complaint_resource_id: script('订单'),
    complainant_phone: '18812341474',
    complainant_user_id: script('用户'),
    uploaded_images: ['https://images.example.com/a.jpg'],
  });
  complaint_id = created.complaint.complaint_id;
  const act = (name, parameters) => call(demo, `tousu.complaint.${name}`, { complaint_id, ...parameters });
  await act('assign', { assignee: script('处理人').slice(0, 64) });
  await act('tag', { add: [script('标签').slice(0, 64)] });
  await act('note', { content: script('备注'), operator: script('谁').slice(0, 64) });
  await act('reply', { content: script('回复') });
  await act('consumer_reply', { content: script('消费者') });
  await call(demo, 'tousu.subscription.create', {
    kind: 'webhook', name: script('通知').slice(0, 64), target: 'https://example.com/hook', enabled: 0,
  });
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  await database?.drop();
});

const PAGES = {
  queue: [() => '/queue?tab=all&sort=complaint_time', ['原因', '处理人']],
  complaint: [(id) => `/complaints/${id}`, ['原因', '内容', '订单', '用户', '处理人', '标签', '备注', '谁', '回复', '消费者']],
  drawer: [(id) => `/queue?tab=all&open=${id}`, ['原因', '备注', '回复']],
  dashboard: [() => '/dashboard?range=all', ['处理人']],
  templates: [() => '/settings/templates', ['模板名', '模板']],
  tags: [() => '/settings/tags', ['备选']],
  notices: [() => '/settings/notices', ['通知']],
};

for (const [name, [address, marks]] of Object.entries(PAGES)) {
  test(`script is text on the page: ${name}`, () =>
    asUser(browser, demo, demo.users.admin, async (page) => {
      await page.goto(address(complaint_id));
      for (const mark of marks) {
        await page.getByText(`${mark}<img src=x onerror=`).first().waitFor({ state: 'attached' });
      }
      const injected = await page.evaluate(() => ({
        stolen: globalThis.stolen,
        made: document.querySelectorAll('img[src="x"], svg[onload], main script, [role=dialog] script').length,
        links: [...document.querySelectorAll('a[href], img[src]')]
          .map((element) => element.getAttribute('href') ?? element.getAttribute('src'))
          .filter((url) => /^\s*javascript:/i.test(url)),
      }));
      assert.deepEqual(injected, { stolen: undefined, made: 0, links: [] });
    }));
}

test('a chart shows it as text, and so does what it says of a bar', () =>
  asUser(browser, demo, demo.users.admin, async (page) => {
    await page.goto('/dashboard?range=all');
    const chart = page.getByRole('img', { name: /^每日投诉/ });
    await chart.locator('svg text').first().waitFor();
    await chart.hover({ position: { x: 200, y: 160 } });
    assert.equal(await page.evaluate(() => globalThis.stolen), undefined);
  }));
