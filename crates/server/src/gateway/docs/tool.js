// The debugging tool: a request as a form or as raw JSON, and what the server answered.

import { curl, requestOf } from './samples.js';
import { chooseShop, chosenShop, session, sessionToken } from './session.js';
import { TOKEN, isSecret, openTokenDialog, token } from './token.js';
import { codeBlock, copyButton, el, pick, pretty, t } from './ui.js';

const HEADERS = ['X-Request-Id', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Retry-After'];

// What was entered and answered, by interface: it outlives a change of language or interface.
const drafts = new Map();

const newDraft = ({ parameters }) => ({
  values: Object.fromEntries(parameters
    .filter(({ required, example }) => required && example !== undefined)
    .map(({ name, example }) => [name, String(example)])),
  /** The body as edited; null while the form makes it. */
  raw: null,
  answer: null,
});

/** The section's content; `signal` ends its listening when the page is replaced. */
export function tool(operation, returnCodes, signal) {
  const draft = drafts.get(operation.id) ?? newDraft(operation);
  // A secret is not kept, not even in memory.
  if (!operation.parameters.some(({ name }) => isSecret(name))) drafts.set(operation.id, draft);

  const meaning = (code) => {
    const known = returnCodes.find((entry) => entry.code === Number(code));
    return known ? pick(known) : t('unknownCode');
  };
  const request = () => currentRequest(operation, draft);
  const responsePane = el('div', { class: 'pane response' });
  const show = () => responsePane.replaceChildren(...responseContent(draft.answer, meaning));
  const send = el('button', { class: 'primary' }, t('send'));
  const inputs = el('div', { class: 'inputs' });

  const drawInputs = () => {
    const shown = operation.parameters.filter(({ name }) => draft.raw === null || name === TOKEN);
    inputs.replaceChildren(...shown.flatMap((field) =>
      field.name === TOKEN ? tokenRow(field, meaning) : fieldRow(field, draft)));
    if (draft.raw !== null) inputs.append(rawEditor(draft, send));
    else inputs.append(el('p', { class: 'muted note' }, t('emptyNotSent')));
  };
  const switchRaw = (event) => {
    if (event.target.checked) draft.raw = request().body;
    else takeRaw(operation, draft);
    drawInputs();
  };
  token.addEventListener('change', () => {
    putToken(draft);
    // In place: to draw anew would take the focus out of the input that comes next.
    const tokenInput = inputs.querySelector(`#input-${TOKEN}`);
    const editor = inputs.querySelector('.raw');
    if (tokenInput) tokenInput.value = token.value;
    if (editor) editor.value = draft.raw;
  }, { signal });

  const form = el('form', {
    class: 'pane',
    autocomplete: 'off',
    onsubmit: async (event) => {
      event.preventDefault();
      send.disabled = true;
      send.textContent = t('sending');
      draft.answer = await exchange(request());
      send.disabled = false;
      send.textContent = t('send');
      show();
    },
  },
    el('div', { class: 'pane-head' },
      el('h3', {}, t('requestPane')),
      operation.hasBody && el('label', { class: 'switch' },
        el('input', { type: 'checkbox', role: 'switch', checked: draft.raw !== null, onchange: switchRaw }),
        t('rawBody'))),
    inputs,
    el('div', { class: 'actions' }, send, copyButton(() => curl(request()), 'copyCurl')));

  drawInputs();
  show();
  return el('div', { class: 'tool' }, form, responsePane);
}

/** The request as it would be sent now. */
function currentRequest(operation, { values, raw }) {
  const sent = operation.parameters
    .map((field) => [field, field.name === TOKEN ? token.value : values[field.name] ?? ''])
    .filter(([, text]) => text !== '')
    .map(([field, text]) => [field.name, typed(field, text)]);
  const request = requestOf(operation, Object.fromEntries(sent));
  return raw === null ? request : { ...request, body: raw };
}

/** The value of an input; what does not fit the type goes as text, for the server to judge. */
function typed({ types }, text) {
  if (types.every((type) => type === 'string')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Back to the form: takes over what the edited JSON says, if it can be read. */
function takeRaw({ parameters }, draft) {
  try {
    const body = JSON.parse(draft.raw);
    const text = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
    draft.values = Object.fromEntries(parameters
      .filter(({ name }) => name !== TOKEN && body[name] != null)
      .map(({ name }) => [name, text(body[name])]));
  } catch {
    // The form keeps what it had.
  }
  draft.raw = null;
}

/** Puts a new token into JSON that is being edited. */
function putToken(draft) {
  if (draft.raw === null) return;
  try {
    draft.raw = pretty({ ...JSON.parse(draft.raw), [TOKEN]: token.value });
  } catch {
    // Half-edited JSON is left alone.
  }
}

async function exchange({ method, url, body }) {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const start = performance.now();
  try {
    const response = await fetch(url, { method, headers, body, cache: 'no-store' });
    const text = await response.text();
    return { response, text, duration: Math.round(performance.now() - start) };
  } catch (error) {
    return { error };
  }
}

function fieldRow(field, draft) {
  const value = draft.values[field.name] ?? '';
  const attributes = {
    id: `input-${field.name}`,
    name: field.name,
    title: pick(field.text),
    oninput: ({ target }) => (draft.values[field.name] = target.value),
  };
  const input = field.codes.length
    ? el('select', attributes,
      el('option', { value: '', selected: value === '' }, t('notSent')),
      field.codes.map((entry) => el('option',
        { value: entry.code, selected: value === String(entry.code) }, `${entry.code} = ${pick(entry)}`)))
    : el('input', {
      ...attributes,
      value,
      type: isSecret(field.name) ? 'password' : 'text',
      placeholder: field.hint,
      autocomplete: 'off',
      spellcheck: 'false',
    });
  return row(field, input);
}

function tokenRow(field, meaning) {
  const input = el('input', {
    id: `input-${TOKEN}`,
    value: token.value,
    placeholder: t('tokenPlaceholder'),
    title: pick(field.text),
    autocomplete: 'off',
    spellcheck: 'false',
    onchange: () => (token.value = input.value.trim()),
  });
  const get = el('button',
    { type: 'button', class: 'plain', title: t('tokenTitle'), onclick: () => openTokenDialog(meaning) },
    t('getToken'));
  // Filled in as soon as it is known who is signed in.
  const place = el('div', { class: 'session-place' });
  session.then((known) => known && place.replaceChildren(sessionRow(known, meaning)));
  return [row(field, el('span', { class: 'with-button' }, input, get)), place];
}

/** A token by one click, for whoever is signed in to the console. */
function sessionRow(known, meaning) {
  const problem = el('span', { class: 'problem', role: 'alert' });
  const shops = known.shops.length > 1 && el('select', {
    'aria-label': t('shop'),
    onchange: ({ target }) => chooseShop(target.value),
  }, known.shops.map(({ app_id: id, name }) =>
    el('option', { value: id, selected: id === chosenShop(known.shops) }, name)));
  const take = el('button', {
    type: 'button',
    class: 'plain',
    onclick: async () => {
      problem.textContent = '';
      take.disabled = true;
      try {
        const { code, data } = await sessionToken(known);
        if (Number(code) === 0) token.value = data.access_token;
        else problem.textContent = `${code} ${meaning(code)}`;
      } catch (error) {
        problem.textContent = `${t('notReached')}: ${error.message}`;
      } finally {
        take.disabled = false;
      }
    },
  }, t('useSession'));
  return el('div', { class: 'field session' },
    el('span', { class: 'muted' }, known.user.name || known.user.login),
    el('span', { class: 'with-button' }, shops, take, problem));
}

const row = ({ name, required }, input) =>
  el('div', { class: 'field' },
    el('label', { class: required ? 'mono must' : 'mono', for: `input-${name}` }, name),
    input);

function rawEditor(draft, send) {
  return el('textarea', {
    class: 'raw',
    'aria-label': t('body'),
    spellcheck: 'false',
    oninput: ({ target }) => (draft.raw = target.value),
    onkeydown: (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send.click();
    },
  }, draft.raw);
}

function responseContent(answer, meaning) {
  const head = el('div', { class: 'pane-head' }, el('h3', {}, t('responsePane')));
  // Only the verdict is read out; the body may be thousands of lines.
  const status = el('div', { class: 'status', role: 'status' });
  if (!answer) return [head, status, el('p', { class: 'muted empty' }, t('noResponse'))];
  if (answer.error) {
    status.append(badge('bad', `${t('notReached')}: ${answer.error.message}`));
    return [head, status];
  }
  const { response, text, duration } = answer;
  const body = parse(text);
  status.append(badge(response.ok ? 'good' : 'bad', `HTTP ${response.status}`));
  if (body?.code !== undefined) {
    status.append(badge(Number(body.code) === 0 ? 'good' : 'bad', `${body.code} ${meaning(body.code)}`));
  }
  status.append(el('span', { class: 'muted' }, `${duration} ms`));
  const headers = HEADERS.filter((name) => response.headers.has(name)).map((name) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, response.headers.get(name))));
  return [
    head,
    status,
    el('dl', { class: 'headers' }, headers),
    codeBlock(body === undefined ? text : pretty(body), { 'data-response': true }),
  ];
}

const badge = (kind, text) => el('span', { class: `badge ${kind}` }, text);

/** The JSON value, or undefined where the text is none (a proxy's error page). */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
