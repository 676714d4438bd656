// Test pages bundled with the package and the libraries that it is plugged into.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { PACKAGE } from './site.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Uppy comes once: the adapter, which lies in another folder here, takes the page's own as it does when installed. */
const uppyOfThePage = {
  name: 'uppy of the page',
  setup: ({ onResolve, resolve: again }) => {
    onResolve({ filter: /^@uppy\/core/ }, ({ path, kind, pluginData }) =>
      pluginData === 'here' ? undefined : again(path, { kind, resolveDir: HERE, pluginData: 'here' }),
    );
  },
};

/** One file's bundle, as a site would make it; to be served where the worker and the modules lie beside it. */
export async function bundle(entry, { minify = false } = {}) {
  const { exports } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  const names = Object.keys(exports).filter((name) => exports[name].default);
  const alias = Object.fromEntries(names.map((name) => [join('onmon', name), join(PACKAGE, exports[name].default)]));
  const { outputFiles } = await build({
    entryPoints: [resolve(HERE, entry)],
    alias,
    plugins: [uppyOfThePage],
    bundle: true,
    minify,
    format: 'esm',
    write: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0].contents;
}
