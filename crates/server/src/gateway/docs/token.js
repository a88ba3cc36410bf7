// The access_token that all interfaces share, and the dialog which gets one.

import { el, t } from './ui.js';

export const TOKEN = 'access_token';
const PATH = '/token';
const CREDENTIALS = ['app_id', 'client_id', 'secret_key'];

/** Kept for this tab only. Dispatches `change`. */
class Token extends EventTarget {
  get value() {
    return sessionStorage.getItem(TOKEN) ?? '';
  }

  set value(value) {
    sessionStorage.setItem(TOKEN, value);
    this.dispatchEvent(new Event('change'));
  }
}

export const token = new Token();

/** Asks for the credentials; `meaning(code)` is the text of a return code. */
export function openTokenDialog(meaning) {
  const problem = el('p', { class: 'problem', role: 'alert' });
  const submit = el('button', { class: 'primary' }, t('getToken'));
  const form = el('form', { onsubmit },
    el('h2', { id: 'token-title' }, t('tokenTitle')),
    el('p', { class: 'muted' }, t('tokenLead')),
    CREDENTIALS.map((name) => el('label', { class: 'field' },
      el('span', { class: 'mono' }, name),
      el('input', {
        name,
        type: isSecret(name) ? 'password' : 'text',
        required: name !== 'client_id',
        autocomplete: 'off',
        spellcheck: 'false',
      }))),
    problem,
    el('div', { class: 'actions' },
      submit,
      el('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, t('cancel'))));
  // Removed when it closes, and the secret with it.
  const dialog = el('dialog', { 'aria-labelledby': 'token-title', onclose: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();

  async function onsubmit(event) {
    event.preventDefault();
    problem.textContent = '';
    submit.disabled = true;
    try {
      const { code, data } = await ask(Object.fromEntries(new FormData(form)));
      if (Number(code) === 0) {
        token.value = data.access_token;
        dialog.close();
      } else {
        problem.textContent = `${code} ${meaning(code)}`;
      }
    } catch (error) {
      problem.textContent = `${t('notReached')}: ${error.message}`;
    } finally {
      submit.disabled = false;
    }
  }
}

/** By POST: a query would leave the secret in logs on the way. */
async function ask(credentials) {
  const response = await fetch(PATH, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...credentials, grant_type: 'client_credential' }),
  });
  return response.json();
}

/** Whether a field holds something that must not be shown on a screen. */
export const isSecret = (name) => /secret|password/.test(name);
