// Licences for a browser's own player: what is asked and what is made of the answers. That it plays is shown
// in Chromium (tests/browser/eme.test.mjs).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { connectKeys, requestLicence } from 'onmon/eme';

const LICENCE = { keys: [{ kty: 'oct', kid: 'AAAAAAAAAAAAAAAAAAAAAA', k: 'AQEBAQEBAQEBAQEBAQEBAQ' }], type: 'temporary' };
const MESSAGE = '{"kids":["AAAAAAAAAAAAAAAAAAAAAA"],"type":"temporary"}';

let server;
let url;
let asked;
let reply;

before(async () => {
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    asked.push({ path: request.url, type: request.headers['content-type'], token: request.headers.authorization, body });
    const [status, content] = reply;
    response.writeHead(status).end(JSON.stringify(content));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

test('the player’s message goes to the server as it is, and the licence comes back', async () => {
  [asked, reply] = [[], [200, LICENCE]];
  const message = new TextEncoder().encode(MESSAGE);
  for (const token of ['t1', async () => 't1']) {
    for (const bytes of [message, message.buffer]) {
      const licence = await requestLicence(bytes, { server: url, token });
      assert.deepEqual(JSON.parse(Buffer.from(licence)), LICENCE);
    }
  }
  const one = { path: '/v1/clear-key', type: 'application/json', token: 'Bearer t1', body: MESSAGE };
  assert.deepEqual(asked, [one, one, one, one]);
});

test('what is refused, and what is no licence', async () => {
  const ask = (options) => requestLicence(new TextEncoder().encode(MESSAGE), { token: 't', ...options });
  [asked, reply] = [[], [404, { code: 'key_not_found' }]];
  await assert.rejects(ask({ server: url }), { code: 'server_refused', problem: 'key_not_found', status: 404 });
  for (const content of [{}, null, { keys: [] }, { keys: 'all' }]) {
    reply = [200, content];
    await assert.rejects(ask({ server: url }), { code: 'bad_answer' });
  }
  await assert.rejects(ask({}), { code: 'no_server' });
  await assert.rejects(ask({ server: url, signal: AbortSignal.abort() }), { code: 'aborted', name: 'AbortError' });
});

test('where there is no player of a browser’s, it says so', async () => {
  await assert.rejects(connectKeys({}, { token: 't' }), { code: 'eme_unavailable' });
});
