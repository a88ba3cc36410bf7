// The built program on a database, and calls to it.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const { TOUSU_BIN } = process.env;
assert.ok(TOUSU_BIN, 'TOUSU_BIN must name the built binary');

/** With a key to seal with, as PostgreSQL needs one for whole phone numbers, addresses of notices and one-time codes. */
const ENVIRONMENT = {
  ...process.env,
  TOUSU_PRIVACY__KEYS: JSON.parse(execFileSync(TOUSU_BIN, ['key', 'new', '--json'], { encoding: 'utf8' })).key,
};

/** Runs the program to its end, and gives what it printed as JSON. */
export async function run(database, ...parameters) {
  const child = spawn(TOUSU_BIN, [...parameters, '--json'], {
    env: { ...ENVIRONMENT, TOUSU_DATABASE: database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, `tousu ${parameters.join(' ')} ended with ${code}`);
  return printed.trim() ? JSON.parse(printed) : null;
}

/** Who signs in to the demo, and what colleagues call them. */
const PEOPLE = { admin: '管理员', supervisor: '主管王芳', agent: '客服小李', viewer: '查看员' };

/** A demo server: its first line, `users` by their roles, and `stop()`. */
export async function serveDemo(database, ...settings) {
  const child = spawn(
    TOUSU_BIN,
    [
      'serve', '--demo', '--listen', '127.0.0.1:0', '--database', database.url, '--json', '--set', 'log.level=error',
      ...settings.flatMap((setting) => ['--set', setting]),
    ],
    { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${code} before its first line`);
  });
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  ended.catch(() => {});
  const told = JSON.parse(line);
  const stop = async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  };
  const users = Object.fromEntries(
    Object.entries(PEOPLE).map(([login, name]) => [login, { login, name, password: told.password }]),
  );
  return { ...told, users, stop };
}

/** Calls an interface with the demo app's token: the answer's data, or an error that says what was answered. */
export async function call(demo, name, parameters = {}) {
  const response = await fetch(`${demo.address}/${name}/1.0.0`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ access_token: demo.access_token, ...parameters }),
  });
  const { code, data, msg } = await response.json();
  assert.equal(code, 0, `${name}: ${code} ${msg}`);
  return data;
}
