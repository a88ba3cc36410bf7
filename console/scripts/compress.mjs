// Lays a compressed form beside each file of the build, which the server gives to browsers that take it. Nothing is
// compressed while somebody waits.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const WORTH_IT = /\.(js|css|html|svg|json|md)$/;
/** Smaller files fit into one packet either way. */
const SMALL = 1024;

const dist = new URL('../dist/', import.meta.url);
for (const name of readdirSync(dist, { recursive: true })) {
  if (!WORTH_IT.test(name) || name.startsWith('.')) continue;
  const file = new URL(name, dist);
  const bytes = readFileSync(file);
  if (bytes.length < SMALL) continue;
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(new URL(`${name}.br`, dist), brotliCompressSync(bytes, { params }));
  writeFileSync(new URL(`${name}.gz`, dist), gzipSync(bytes, { level: 9 }));
}
