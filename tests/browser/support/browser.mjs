// A browser, and pages on which nothing may go wrong unseen.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export const launch = () =>
  chromium.launch({
    executablePath: process.env.TOUSU_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });

/** A picture of one pixel, in the place of those that the demo's complaints name. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/**
 * Runs `body` on a fresh page, which must end without a console error, a violation of the policy, or a request to
 * anybody else but for pictures. `tolerate` says which console errors belong to the story.
 */
export async function withPage(browser, address, options, body) {
  const { tolerate = () => false, ...rest } = options;
  const context = await browser.newContext({
    baseURL: address, viewport: DESKTOP, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...rest,
  });
  const page = await context.newPage();
  const complaints = [];
  await watch(page, address, complaints, tolerate);
  try {
    await body(page, context);
    assert.deepEqual(complaints, []);
  } catch (error) {
    if (complaints.length > 0) error.message += `\nalso: ${complaints.join('\n')}`;
    throw error;
  } finally {
    await context.close();
  }
}

async function watch(page, address, complaints, tolerate) {
  const note = (text) => {
    if (!tolerate(text)) complaints.push(text);
  };
  page.on('pageerror', (error) => note(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') note(message.text());
  });
  await page.exposeFunction('violated', (directive) => note(`policy: ${directive}`));
  await page.addInitScript(() =>
    addEventListener('securitypolicyviolation', (event) => globalThis.violated(event.violatedDirective)));
  await page.route((url) => url.origin !== new URL(address).origin, (route) => {
    const request = route.request();
    if (request.resourceType() !== 'image') {
      note(`asks elsewhere: ${request.url()}`);
      return route.abort();
    }
    if (request.headers().referer) note(`tells where it is: ${request.headers().referer}`);
    return route.fulfill({ contentType: 'image/png', body: PICTURE });
  });
}

/** By how many pixels the page is wider than its window. */
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
