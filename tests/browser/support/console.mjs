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

/** Runs `body` on a page of somebody who is signed in, with the queue before them. */
export function asUser(browser, demo, user, body, options = {}) {
  const key = `${demo.address} ${user.login}`;
  const storageState = kept.get(key);
  return withPage(browser, demo.address, { ...options, ...(storageState && { storageState }) }, async (page, context) => {
    if (storageState) {
      await page.goto('/queue');
      await page.getByRole('heading', { level: 1, name: '投诉队列' }).waitFor();
    } else {
      await signIn(page, user);
      kept.set(key, await context.storageState());
    }
    await body(page, context);
  });
}

/** The number of complaints that the queue says it has. */
export async function total(page) {
  const text = await page.getByText(/^共 [\d,]+ 条$/).textContent();
  return number(text);
}

export const number = (text) => Number(text.replace(/[^\d]/g, ''));

/** Chooses of a list that a field opens. */
export async function choose(page, field, option) {
  await field.click();
  const list = page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden)');
  await list.locator('.ant-select-item-option').filter({ has: page.getByText(option, { exact: true }) }).first().click();
}
