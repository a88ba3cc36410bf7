// The console as people use it: signing in, and finding one's way.

import { withPage } from './browser.mjs';

/** Signs in on the page that asks for it, and waits until the queue is there. */
export async function signIn(page, { login, password }) {
  await page.goto('/sign-in');
  await page.getByLabel('账号').fill(login);
  await page.getByLabel('密码').fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: '投诉队列' }).waitFor();
}

/** What a browser keeps of those who have signed in, by server and login: not every test needs to knock at the door. */
const kept = new Map();

/** Runs `body` on an empty page of somebody who is signed in. */
export async function asUser(browser, demo, user, body, options = {}) {
  const key = `${demo.address} ${user.login}`;
  if (!kept.has(key)) {
    await withPage(browser, demo.address, {}, async (page, context) => {
      await signIn(page, user);
      kept.set(key, await context.storageState());
    });
  }
  await withPage(browser, demo.address, { ...options, storageState: kept.get(key) }, body);
}

/** Goes to an address of the console as its own links do: nothing is loaded anew. */
export const follow = (page, address) =>
  page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, address);

/** Where the queue says how many complaints it has. */
export const totalOn = (page) => page.getByText(/^共 [\d,]+ 条$/);

/** The number of complaints that the queue says it has. */
export const total = async (page) => number(await totalOn(page).textContent());

export const number = (text) => Number(text.replace(/[^\d]/g, ''));

/** Chooses of a list that a field opens. */
export async function choose(page, field, option) {
  await field.click();
  const list = page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden)');
  const wanted = list.locator('.ant-select-item-option').filter({ has: page.getByText(option, { exact: true }) }).first();
  // Lists that come late are drawn anew under the pointer: only what a key chooses is surely what it was moved to.
  await wanted.hover();
  await wanted.and(page.locator('.ant-select-item-option-active')).waitFor();
  await field.press('Enter');
}
