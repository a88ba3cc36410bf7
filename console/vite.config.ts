import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { HtmlTagDescriptor, Plugin, Rolldown } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` shows the console against a server that runs beside it.
const server = process.env.TOUSU_ADDRESS ?? 'http://127.0.0.1:8080';

const HOME = '/src/pages/queue/index.tsx';

/** The home page's files are fetched along with what surrounds it, and not after that has run: most addresses lead there. */
const preloadHome: Plugin = {
  name: 'preload-home',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const scripts = new Set<string>();
      const styles = new Set<string>();
      const add = (chunk: Rolldown.OutputChunk | undefined) => {
        if (!chunk || scripts.has(chunk.fileName)) return;
        scripts.add(chunk.fileName);
        for (const style of chunk.viteMetadata?.importedCss ?? []) styles.add(style);
        for (const name of chunk.imports) add(chunks.find(({ fileName }) => fileName === name));
      };
      add(chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(HOME)));
      const tags = (files: Set<string>, rel: string): HtmlTagDescriptor[] =>
        [...files]
          .filter((file) => !html.includes(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel, crossorigin: true, href: `/${file}` },
            injectTo: 'head',
          }));
      return [...tags(scripts, 'modulepreload'), ...tags(styles, 'stylesheet')];
    },
  },
};

export default defineConfig({
  plugins: [react(), preloadHome],
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
