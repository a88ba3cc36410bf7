// A fresh database of each kind, for stories that must hold on both.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

async function sqlite() {
  const directory = await mkdtemp(join(tmpdir(), 'tousu-browser-'));
  return {
    url: `sqlite:${join(directory, 'demo.db')}`,
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

async function postgresql() {
  const server = process.env.TOUSU_TEST_POSTGRES;
  assert.ok(server, 'TOUSU_TEST_POSTGRES must be set: run the tests through scripts/with-services');
  const name = `browser_${randomBytes(6).toString('hex')}`;
  const run = async (statement) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** The kinds, by name: each makes an empty database `{ url, drop }`. */
export const DATABASES = { SQLite: sqlite, PostgreSQL: postgresql };
