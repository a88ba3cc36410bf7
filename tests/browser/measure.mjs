// How soon the queue can be worked with, and how smoothly it goes: node measure.mjs ADDRESS LOGIN, with the password in
// TOUSU_PASSWORD. Prints milliseconds as JSON.

import { launch, DESKTOP } from './support/browser.mjs';

const [address, login] = process.argv.slice(2);
const password = process.env.TOUSU_PASSWORD;
const LOADS = 5;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const browser = await launch();
try {
  const context = await browser.newContext({ baseURL: address, viewport: DESKTOP, locale: 'zh-CN' });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: 'longtask', buffered: true });
  });
  await page.goto('/sign-in');
  await page.getByLabel('账号').fill(login);
  await page.getByLabel('密码').fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.locator('[data-row]').first().waitFor();

  // Asked of the page itself, frame by frame: whoever waits from outside looks again only after half a second.
  await page.addInitScript(() => {
    const look = () => {
      const total = [...document.querySelectorAll('main *')].some(
        (element) => element.childElementCount === 0 && /^共 [\d,]+ 条$/.test(element.textContent),
      );
      if (total && document.querySelector('[data-row] a')) globalThis.usableAt = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const usable = [];
  for (let load = 0; load < LOADS; load += 1) {
    await page.goto('/queue?tab=all', { waitUntil: 'commit' });
    usable.push(await (await page.waitForFunction(() => globalThis.usableAt)).jsonValue());
  }

  // A day's work in the list: pages of a hundred rows, down to their ends, and filters.
  await page.goto('/queue?tab=pending&size=100');
  await page.locator('[data-row]').first().waitFor();
  await page.waitForLoadState('networkidle');
  const longest = async (work) => {
    await page.evaluate(() => {
      globalThis.longest = 0;
    });
    await work();
    // A long task is told of after it ended.
    await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
    return page.evaluate(() => globalThis.longest);
  };
  const scrolling = await longest(async () => {
    await page.mouse.move(640, 600);
    for (let step = 0; step < 60; step += 1) {
      await page.mouse.wheel(0, 120);
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
  });
  // From one full page to another, as one does it: by a press, not by loading all anew.
  const filtering = await longest(async () => {
    const first = await page.locator('[data-row]').first().getAttribute('data-row');
    await page.locator('[data-tab=processing]').click();
    await page.waitForFunction(
      (id) => document.querySelector('[data-row]') && !document.querySelector(`[data-row="${id}"]`), first,
    );
  });
  console.log(JSON.stringify({
    usable: median(usable), scrolling, filtering,
  }));
} finally {
  await browser.close();
}
