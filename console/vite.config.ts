import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` shows the console against a server that runs beside it.
const server = process.env.TOUSU_ADDRESS ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2023',
    // Nothing inline: the policy of the pages allows no data: but for pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
    // What is given away carries the licences of its parts.
    license: { fileName: 'licenses.md' },
  },
  server: {
    proxy: { '^/(tousu|xe)\\.|^/(docs|openapi.json|events|oidc)': { target: server, changeOrigin: false } },
  },
  test: { include: ['src/**/*.test.ts'] },
});
