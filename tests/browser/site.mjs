// A plain web server over given files, with the policy that onmon promises to run under.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package `onmon`, as it was built. */
export const PACKAGE = fileURLToPath(new URL('../../wasm/npm/', import.meta.url));

/** The strictest policy under which WebAssembly runs at all. */
export const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.mp4': 'audio/mp4',
};

/**
 * Serves `folders` ({'/prefix/': path}) and `pages` ({'/path': text}). Returns {url, close}.
 * `policy` is the Content-Security-Policy, `headers` are sent beside it.
 */
export async function serveFiles({ folders = {}, pages = {}, policy = POLICY, headers = {} }) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    try {
      const content = pages[path] ?? (await readFile(fileAt(folders, path)));
      response.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? TYPES['.html'],
        'content-security-policy': policy,
        ...headers,
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

function fileAt(folders, path) {
  for (const [prefix, folder] of Object.entries(folders)) {
    if (path.startsWith(prefix)) return join(folder, normalize(`/${path.slice(prefix.length)}`));
  }
  throw new Error(`nothing at ${path}`);
}
