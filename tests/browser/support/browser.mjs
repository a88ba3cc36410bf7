// A browser, and pages on which nothing may go wrong unseen.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Debian's browser that has no windows: a page costs it half of what it costs the one that only hides them. */
const CHROMIUM = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

export const launch = () =>
  chromium.launch({
    executablePath: process.env.TOUSU_CHROMIUM ?? CHROMIUM.find(existsSync),
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });

/** What consumers would have photographed, in the place of the pictures that the demo's complaints name: in base 64. */
const PICTURES = await Promise.all(
  ['lesson', 'order'].map((name) => readFile(new URL(`pictures/${name}.svg`, import.meta.url), 'base64')),
);

/** The picture for an address: those of one complaint differ. */
const pictureAt = (url) => PICTURES[Number(/(\d)\.jpg$/.exec(url)?.[1] ?? 0) % PICTURES.length];

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
    error.message += `\nat ${page.url()} was to be read: ${await readable(page)}`;
    throw error;
  } finally {
    await context.close();
  }
}

/** What stands on the page, dialogs first: whoever looks for the cause of a failure has nothing else. */
const readable = (page) =>
  page.evaluate(() => {
    const dialogs = [...document.querySelectorAll('[role=dialog], [class*=ant-message]')];
    return [...dialogs, document.body].map((element) => element.innerText).join(' | ').slice(0, 1000);
  }).catch((error) => `nothing: ${error.message}`);

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
  await watchRequests(page, new URL(address).origin, note);
}

/**
 * Notes who else is asked. Only requests that lead elsewhere are held up: with `page.route` all of them would be, and
 * nothing would come from the browser's cache.
 */
async function watchRequests(page, own, note) {
  const devtools = await page.context().newCDPSession(page);
  devtools.on('Fetch.requestPaused', async ({ requestId, request, resourceType }) => {
    if (request.headers.Referer) note(`tells where it is: ${request.headers.Referer}`);
    if (resourceType !== 'Image') note(`asks elsewhere: ${request.url}`);
    await devtools.send('Fetch.fulfillRequest', {
      requestId, responseCode: 200, responseHeaders: [{ name: 'Content-Type', value: 'image/svg+xml' }],
      body: pictureAt(request.url),
    }).catch(() => {}); // The page may be gone.
  });
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: 'https://*' }] });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol === 'http:' && origin !== own) note(`asks elsewhere: ${request.url()}`);
  });
}

/** By how many pixels the page is wider than its window. */
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
