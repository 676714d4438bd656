// The page's build. It must run under `default-src 'self'`: nothing inline, no data URLs.
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a server; the built page is served by onmon-server itself. */
const SERVER = process.env['ONMON_SERVER_URL'] ?? 'http://127.0.0.1:8787';

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ['index.html', 'plan.html'] },
  },
  server: { proxy: { '/v1': SERVER } },
});
