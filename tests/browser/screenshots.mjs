// Pictures of the pages:
//
//     node screenshots.mjs FOLDER [PART OF A VIEW'S NAME]   every page, light and dark, at 1280 and 390 px, whole
//     node screenshots.mjs --readme                         those in the READMEs, as one sees them

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DESKTOP, launch, PHONE } from './support/browser.mjs';
import { DATABASES } from './support/databases.mjs';
import { serveDemo } from './support/server.mjs';
import { onView, prepare, VIEWS } from './support/views.mjs';

const [where, only = ''] = process.argv.slice(2);
if (!where) {
  console.error("usage: node screenshots.mjs FOLDER [PART OF A VIEW'S NAME], or --readme");
  process.exit(2);
}

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));

/** The READMEs' pictures: of which view, in which colours, how wide. */
const README = {
  'console-queue': ['queue', 'light', DESKTOP],
  'console-complaint': ['complaint-drawer', 'light', DESKTOP],
  'console-dashboard': ['dashboard', 'light', DESKTOP],
  'console-phone': ['queue', 'dark', PHONE],
  picture: ['docs', 'light', DESKTOP],
};

const viewNamed = (name) => VIEWS.find((view) => view.name === name);

const pictures = where === '--readme'
  ? Object.entries(README).map(([file, [name, colorScheme, viewport]]) =>
    ({ path: join(DOCS, `${file}.png`), view: viewNamed(name), colorScheme, viewport, fullPage: false }))
  : VIEWS.filter(({ name }) => name.includes(only)).flatMap((view) =>
    ['light', 'dark'].flatMap((colorScheme) => [DESKTOP, PHONE].map((viewport) => ({
      path: join(where, `${view.name}-${colorScheme}-${viewport.width}.png`), view, colorScheme, viewport, fullPage: !view.window,
    }))));

if (where !== '--readme') await mkdir(where, { recursive: true });
const database = await DATABASES.SQLite();
const demo = await serveDemo(database);
const browser = await launch();
try {
  const things = await prepare(demo);
  for (const { path, view, colorScheme, viewport, fullPage } of pictures) {
    const options = { colorScheme, viewport, deviceScaleFactor: viewport === PHONE ? 2 : 1 };
    await onView(browser, demo, view, options, async (page) => {
      await view.show(page, things);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path, fullPage, animations: 'disabled' });
    });
    console.log(path);
  }
} finally {
  await browser.close();
  await demo.stop();
  await database.drop();
}
