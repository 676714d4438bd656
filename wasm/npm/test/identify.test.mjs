// What goes to a server and what is made of its answers.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { fingerprint, identify } from 'onmon';

import { vectors, wav } from './vectors.mjs';

const ANSWER = {
  decision: 'permit',
  rule: 'entrusted',
  matches: [
    {
      recording_id: 'r1',
      title: '題',
      artist: null,
      isrc: 'JPAB01234567',
      iswc: null,
      rights: 'entrusted',
      offset_ms: -150,
      confidence: 12.5,
      speed: 1.01,
      bit_error: 0.02,
      matched_ms: 1_500,
      samples_agreeing: 1,
      near_duplicate: true,
    },
  ],
  ms: { match: 1.25 },
};

const { afp } = vectors()[0];
let server;
let url;
let requests = [];
let reply = () => [200, ANSWER];

before(async () => {
  server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    requests.push({ path: request.url, headers: request.headers, body: new Uint8Array(Buffer.concat(chunks)) });
    const [status, content] = reply();
    response.writeHead(status);
    response.end(typeof content === 'string' ? content : JSON.stringify(content));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

test('sends the fingerprint, the whole fingerprint and nothing but the fingerprint', async () => {
  requests = [];
  const made = await fingerprint(wav(vectors()[0]));
  const answer = await identify(made, { server: `${url}/music` });
  assert.equal(requests.length, 1);
  assert.equal(requests[0].path, '/music/v1/identify');
  assert.equal(requests[0].headers['content-type'], 'application/vnd.onmon.fingerprint');
  assert.equal(requests[0].headers.cookie, undefined);
  assert.deepEqual(requests[0].body, afp);
  assert.equal(answer.sentBytes, afp.length);
});

test('reads the answer', async () => {
  const { ms, ...answer } = await identify(afp, { server: url });
  assert.deepEqual(answer, {
    decision: 'permit',
    rule: 'entrusted',
    sentBytes: afp.length,
    matches: [
      {
        recordingId: 'r1',
        title: '題',
        artist: null,
        isrc: 'JPAB01234567',
        iswc: null,
        rights: 'entrusted',
        offsetMs: -150,
        confidence: 12.5,
        speed: 1.01,
        bitError: 0.02,
        matchedMs: 1_500,
        samplesAgreeing: 1,
        nearDuplicate: true,
      },
    ],
  });
  assert.equal(ms.match, 1.25);
  assert.ok(ms.request > 0);
});

test('bytes that are no fingerprint never leave', async () => {
  requests = [];
  const audio = wav(vectors()[0]);
  await assert.rejects(identify(audio, { server: url }), { code: 'not_a_fingerprint' });
  await assert.rejects(identify({ bytes: afp.subarray(1) }, { server: url }), { code: 'not_a_fingerprint' });
  assert.deepEqual(requests, []);
});

test('answers that are none', async () => {
  const problem = { type: 'about:blank', title: 'Too large', status: 413, detail: 'at most 4096 bytes', code: 'body_too_large' };
  const cases = [
    [413, problem, 'server_refused'],
    [503, '', 'server_failed'],
    [200, '<!doctype html>', 'bad_answer'],
    [200, { decision: 'free', matches: [] }, 'bad_answer'],
    [200, { decision: 'permit' }, 'bad_answer'],
    [200, 'null', 'bad_answer'],
  ];
  for (const [status, content, code] of cases) {
    reply = () => [status, content];
    await assert.rejects(identify(afp, { server: url }), { code, status });
  }
  reply = () => [413, problem];
  await assert.rejects(identify(afp, { server: url }), /body_too_large, at most 4096 bytes, HTTP 413/);
  reply = () => [200, ANSWER];
});

test('no server, no network, no patience', async () => {
  await assert.rejects(identify(afp), { code: 'no_server' });
  await assert.rejects(identify(afp, { server: 'not a url' }), { code: 'no_server' });
  await assert.rejects(identify(afp, { server: 'http://127.0.0.1:1' }), { code: 'network' });
  await assert.rejects(identify(afp, { server: url, signal: AbortSignal.abort() }), { code: 'aborted' });
});
