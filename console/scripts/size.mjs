// How much the browser fetches until the queue is there, and what each page adds; compressed by brotli as served.
// More than 300 KiB before the queue is too much, and fails.

import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

const LIMIT = 300 * 1024;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

/** A chunk's files and those of all that it imports at once. */
function files(name, seen = new Set()) {
  const chunk = manifest[name];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const css of chunk.css ?? []) seen.add(css);
  for (const imported of chunk.imports ?? []) files(imported, seen);
  return seen;
}

const compressed = new Map();
function size(names) {
  let bytes = 0;
  for (const name of names) {
    if (!compressed.has(name))
      compressed.set(name, brotliCompressSync(readFileSync(new URL(name, dist))).length);
    bytes += compressed.get(name);
  }
  return bytes;
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1).padStart(7)} KiB`;
const first = files('index.html');
for (const page of ['src/pages/queue/index.tsx']) files(page, first);
const total = size(first) + size(['index.html']);
console.log(`${kib(total)}  first load: index.html and the queue (at most ${LIMIT / 1024} KiB)`);
for (const [name, chunk] of Object.entries(manifest).filter(([, chunk]) => chunk.isDynamicEntry)) {
  const added = [...files(name)].filter((file) => !first.has(file));
  if (added.length > 0) console.log(`${kib(size(added))}  more for ${chunk.src ?? name}`);
}
if (total > LIMIT) {
  console.error(`The first load is ${kib(total - LIMIT).trim()} too large.`);
  process.exitCode = 1;
}
