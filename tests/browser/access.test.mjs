// Every page, light and dark, wide and on a phone: axe finds nothing serious, nothing scrolls sideways, and nothing
// is in the console or against the policy (which `withPage` sees to everywhere).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessible } from './support/axe.mjs';
import { DESKTOP, launch, overflow, PHONE } from './support/browser.mjs';
import { asUser } from './support/console.mjs';
import { DATABASES } from './support/databases.mjs';
import { onView, prepare, VIEWS } from './support/views.mjs';
import { serveDemo } from './support/server.mjs';

let database, demo, browser, things;

before(async () => {
  database = await DATABASES.SQLite();
  demo = await serveDemo(database);
  things = await prepare(demo);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  await database?.drop();
});

for (const viewport of [DESKTOP, PHONE]) {
  describe(`${viewport.width} px`, () => {
    for (const view of VIEWS) {
      test(view.name, () =>
        onView(browser, demo, view, { viewport }, async (page) => {
          await view.show(page, things);
          for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme });
            await accessible(page, `${view.name}, ${colorScheme}`);
            assert.ok((await overflow(page)) <= 0, `the page scrolls sideways, ${colorScheme}`);
          }
        }));
    }
  });
}

test('English reads as well', () =>
  asUser(browser, demo, demo.users.admin, async (page) => {
    await page.goto('/queue');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { level: 1, name: 'Complaint queue' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    for (const [address, heading] of [
      ['/dashboard', 'Dashboard'], ['/import', 'Import complaints'], ['/settings/deadlines', 'Deadlines'],
      ['/settings/handling', 'Reminders and closing'], ['/settings/templates', 'Reply templates'],
      ['/settings/tags', 'Tags'], ['/settings/members', 'Members'], ['/settings/apps', 'Applications'],
      ['/settings/notices', 'Notices'], ['/settings/mirror', 'Mirror'], ['/settings/account', 'My account'],
    ]) {
      await page.goto(address);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.locator('.ant-skeleton').waitFor({ state: 'detached' });
      // Names stay as they are, whether the shop gave them or the page of the interface; the page's own words are none of them.
      const names = /投诉管理-\S+|应用管理|中文|演示\S*|管理员|主管王芳|客服\S*|小[陈李王]/g;
      const words = await page.locator('nav, h1, th, label, button').allInnerTexts();
      const chinese = words.filter((text) => /\p{Script=Han}/u.test(text.replace(names, '')));
      assert.deepEqual(chinese, [], address);
    }
  }));
