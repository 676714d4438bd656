// A site's own upload server: takes forms (POST /upload) and tus (/tus/), and keeps what came.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { FileStore } from '@tus/file-store';
import { Server as TusServer } from '@tus/server';

/** Every answer may be read by any page: it is the site's own business. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'access-control-allow-methods': '*' };

/** Serves below `folder`. Returns {url, files, failNext, close}: `files` are [{name, bytes, fields}]. */
export async function receive(folder) {
  const files = [];
  let failures = 0;
  const tus = new TusServer({
    path: '/tus',
    datastore: new FileStore({ directory: folder }),
    onUploadFinish: async (request, upload) => {
      files.push({ name: upload.metadata.filename, bytes: readFileSync(join(folder, upload.id)), fields: upload.metadata });
      return {};
    },
  });
  const server = createServer(async (request, response) => {
    if (request.url.startsWith('/tus')) return tus.handle(request, response);
    if (request.method === 'OPTIONS') return response.writeHead(204, CORS).end();
    const body = Buffer.concat(await request.toArray());
    if (failures > 0) {
      failures -= 1;
      return response.writeHead(500, CORS).end();
    }
    const type = { 'content-type': request.headers['content-type'] };
    const form = [...(await new Response(body, { headers: type }).formData())];
    const fields = Object.fromEntries(form.filter(([, value]) => typeof value === 'string'));
    for (const [, value] of form) {
      if (typeof value === 'string') continue;
      const bytes = Buffer.from(await value.arrayBuffer());
      // What a form sends for an input without a file.
      if (value.name || bytes.length > 0) files.push({ name: value.name, bytes, fields });
    }
    response.writeHead(200, { ...CORS, 'content-type': 'application/json' }).end('{"url":"/received"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    files,
    /** The next `count` forms are answered with 500. */
    failNext: (count) => {
      failures = count;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
