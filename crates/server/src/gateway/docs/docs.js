// The page: navigation, one view per interface, and the table of return codes. Everything shown
// comes from /openapi.json, so a new interface needs no change here.

import { SAMPLES, requestOf } from './samples.js';
import { load } from './spec.js';
import { TOKEN, token } from './token.js';
import { tool } from './tool.js';
import { codeBlock, copyButton, el, language, pick, pretty, prose, switchLanguage, t, tabs } from './ui.js';

const RETURN_CODES = 'return-codes';
// A longer code table is folded, so that it does not bury the fields after it.
const FOLDED = 8;

const byId = (id) => document.getElementById(id);
const main = byId('page');
let spec;
/** Ends what the shown view listens to. */
let view = new AbortController();

/** `#/interface/section`, both optional. */
const route = () => decodeURIComponent(location.hash).replace(/^#\/?/, '').split('/');

function show() {
  const [id, section] = route();
  if (id !== main.dataset.shown) {
    drawView(id);
    scrollTo(0, 0);
  }
  drawNavigation();
  setMenu(false);
  byId(section)?.scrollIntoView();
}

function drawView(id) {
  view.abort();
  view = new AbortController();
  const operation = spec.operations.find((operation) => operation.id === id);
  const [title, content] = operation ? [pick(operation.title), interfaceView(operation)]
    : id === RETURN_CODES ? [t('returnCodes'), returnCodesView()]
    : [t('documentation'), overview()];
  document.title = `${title} · ${spec.title}`;
  main.dataset.shown = id;
  main.replaceChildren(el('h1', {}, title), ...content);
}

function drawAll() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  byId('brand').textContent = spec.title;
  byId('version').textContent = spec.version;
  byId('console').textContent = t('console');
  byId('language').textContent = t('otherLanguage');
  byId('language').lang = language === 'zh' ? 'en' : 'zh-CN';
  byId('theme').title = t('theme');
  byId('theme').setAttribute('aria-label', t('theme'));
  byId('menu').setAttribute('aria-label', t('menu'));
  byId('nav').setAttribute('aria-label', t('menu'));
  byId('filter').placeholder = t('filter');
  byId('filter').setAttribute('aria-label', t('filter'));
  drawView(route()[0]);
  drawNavigation();
}

function drawNavigation() {
  const [shown] = route();
  const wanted = byId('filter').value.trim().toLowerCase();
  const link = (id, ...content) =>
    el('a', { href: `#/${id}`, 'aria-current': id === shown && 'page' }, content);
  const found = spec.operations.filter(({ title, method, path }) =>
    `${title.zh} ${title.en} ${method} ${path}`.toLowerCase().includes(wanted));
  byId('interfaces').replaceChildren(
    el('li', {}, link('', t('overview'))),
    ...found.map((operation) => el('li', {},
      link(operation.id,
        el('span', { class: 'nav-title' }, pick(operation.title), methodBadge(operation.method)),
        el('span', { class: 'nav-path' }, operation.path)),
      operation.id === shown && el('ul', {}, Object.entries(sections()).map(([id, name]) =>
        el('li', {}, link(`${operation.id}/${id}`, name)))))),
    ...(found.length ? [] : [el('li', { class: 'muted' }, t('nothingFound'))]),
    el('li', {}, link(RETURN_CODES, t('returnCodes'))),
  );
}

const sections = () => ({
  debug: t('debug'),
  parameters: t('parameters'),
  response: t('response'),
  samples: t('samples'),
});

const methodBadge = (method) => el('span', { class: `method ${method.toLowerCase()}` }, method);

const limitText = ({ calls, seconds, text }) =>
  (language === 'zh' ? text : `${calls} calls in ${seconds} s`);

function overview() {
  return [
    el('p', { class: 'lead' }, pick(spec.description)),
    el('ul', { class: 'cards' }, spec.operations.map((operation) => el('li', {},
      el('a', { class: 'card', href: `#/${operation.id}` },
        el('span', { class: 'card-title' }, pick(operation.title), methodBadge(operation.method)),
        el('span', { class: 'nav-path' }, operation.path),
        el('span', { class: 'muted' }, [
          operation.permissionSet,
          operation.rateLimit && limitText(operation.rateLimit),
        ].filter(Boolean).join(' · ')))))),
  ];
}

function returnCodesView() {
  const rows = spec.returnCodes.map((entry) => [el('code', {}, String(entry.code)), pick(entry)]);
  return [
    el('p', { class: 'lead' }, t('returnCodesLead')),
    table('codes', [t('code'), t('meaning')], rows),
  ];
}

function interfaceView(operation) {
  const names = sections();
  return [
    facts(operation),
    section('debug', names.debug, tool(operation, spec.returnCodes, view.signal)),
    section('parameters', names.parameters,
      table('parameters', [t('name'), t('required'), t('type'), t('description')],
        operation.parameters.map((field) => [
          el('code', {}, field.name),
          el('span', { class: field.required ? 'yes' : 'muted' }, t(field.required ? 'yes' : 'no')),
          el('span', { class: 'type' }, field.type),
          description(field),
        ])),
      el('h3', {}, t('requestExample')),
      codeBlock(pretty(operation.requestExample))),
    section('response', names.response,
      operation.responseTables.map(responseTable),
      el('h3', {}, t('responseExample')),
      codeBlock(pretty(operation.responseExample))),
    section('samples', names.samples, samples(operation)),
  ];
}

const section = (id, title, ...content) =>
  el('section', { id, 'aria-labelledby': `${id}-title` }, el('h2', { id: `${id}-title` }, title), content);

function facts({ method, path, hasBody, permissionSet, rateLimit }) {
  const url = location.origin + path;
  const fact = (name, ...value) => el('div', {}, el('dt', {}, name), el('dd', {}, value));
  return el('div', { class: 'facts' },
    el('div', { class: 'endpoint' }, methodBadge(method), el('code', {}, url), copyButton(() => url)),
    el('dl', {},
      permissionSet && fact(t('permissionSet'), permissionSet),
      rateLimit && fact(t('rateLimit'), limitText(rateLimit)),
      hasBody && fact(t('requestHeader'), el('code', {}, 'Content-Type: application/json'))));
}

function responseTable({ path, text, rows }) {
  const heading = path && el('h3', {}, el('code', {}, path.replace(/\.$/, '')), ' ', pick(text));
  const body = rows.map((field) => [
    el('code', {}, field.name),
    el('span', { class: 'type' }, field.type),
    description(field),
  ]);
  return [heading || null, table('response', [t('name'), t('type'), t('description')], body)];
}

function description({ text, codes }) {
  const list = el('ul', { class: 'values' }, codes.map((entry) =>
    el('li', {}, el('code', {}, String(entry.code)), `=${pick(entry)}`)));
  return [
    el('span', {}, prose(pick(text))),
    codes.length > FOLDED
      ? el('details', {}, el('summary', {}, `${codes.length} ${t('values')}`), list)
      : codes.length > 0 && list,
  ];
}

function table(kind, names, rows) {
  return el('table', { class: kind },
    el('thead', {}, el('tr', {}, names.map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, rows.map((cells) =>
      el('tr', {}, cells.map((cell, index) => el('td', { 'data-name': names[index] }, cell))))));
}

/** The example request as code. It carries the tab's token, if there is one, so that it can be run. */
function samples(operation) {
  const draw = () => {
    const example = { ...operation.requestExample };
    if (TOKEN in example && token.value) example[TOKEN] = token.value;
    const request = requestOf(operation, example);
    return tabs('sample', Object.entries(SAMPLES).map(([label, sample]) =>
      ({ label, panel: () => codeBlock(sample(request)) })));
  };
  const holder = el('div', {}, draw());
  token.addEventListener('change', () => holder.replaceChildren(draw()), { signal: view.signal });
  return holder;
}

/** Shared with the console, which also knows `system`. */
const THEME = 'tousu.theme';

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(THEME, theme);
}

function toggleTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const current = document.documentElement.dataset.theme ?? system;
  setTheme(current === 'dark' ? 'light' : 'dark');
}

function setMenu(open) {
  byId('menu').setAttribute('aria-expanded', open);
  byId('nav').classList.toggle('open', open);
}

const remembered = localStorage.getItem(THEME);
if (remembered === 'light' || remembered === 'dark') document.documentElement.dataset.theme = remembered;

byId('theme').addEventListener('click', toggleTheme);
byId('menu').addEventListener('click', () => setMenu(!byId('nav').classList.contains('open')));

try {
  spec = await load();
  drawAll();
  show();
  byId('language').addEventListener('click', () => {
    switchLanguage();
    drawAll();
  });
  byId('filter').addEventListener('input', drawNavigation);
  addEventListener('hashchange', () => {
    show();
    // Lets the keyboard and a screen reader go on in the new view.
    main.focus({ preventScroll: true });
  });
} catch (error) {
  main.replaceChildren(el('p', { class: 'problem', role: 'alert' }, `${t('loadFailed')}: ${error.message}`));
}
