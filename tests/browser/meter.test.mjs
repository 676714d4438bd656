// The meter of what leaves a page is itself measured: every way to send is seen.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch, open } from './browser.mjs';
import { serveFiles } from './site.mjs';

const BYTES = 5_000;

/** Ways to send BYTES bytes, run in the page. */
const WAYS = {
  'fetch of bytes': (bytes) => fetch('/sink', { method: 'POST', body: new Uint8Array(bytes) }),
  'fetch of a Blob': (bytes) => fetch('/sink', { method: 'PUT', body: new Blob([new Uint8Array(bytes)]) }),
  'fetch of a form': (bytes) => {
    const form = new FormData();
    form.set('file', new File([new Uint8Array(bytes)], 'song.mp3'));
    return fetch('/sink', { method: 'POST', body: form });
  },
  'XMLHttpRequest': (bytes) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/sink');
    request.send(new Blob([new Uint8Array(bytes)]));
  },
  'a beacon': (bytes) => navigator.sendBeacon('/sink', new Blob([new Uint8Array(bytes)])),
  'a worker': (bytes) => new Worker('/worker.js').postMessage(bytes),
};

const WORKER = `onmessage = ({ data }) => fetch('/sink', { method: 'POST', body: new Blob([new Uint8Array(data)]) });`;

describe('the meter of what leaves the page', () => {
  let browser;
  let site;

  before(async () => {
    browser = await launch();
    site = await serveFiles({ pages: { '/': '<!doctype html><link rel="icon" href="/icon">', '/icon': '', '/sink': '', '/worker.js': WORKER } });
  });

  after(async () => {
    await browser?.close();
    await site?.close();
  });

  for (const [name, send] of Object.entries(WAYS)) {
    test(`sees ${name}`, async () => {
      const { context, page, traffic } = await open(browser, site.url);
      assert.equal(traffic.bodyBytes(), 0);
      await page.evaluate(send, BYTES);
      const until = Date.now() + 10_000;
      while (traffic.bodyBytes() < BYTES && Date.now() < until) await page.waitForTimeout(20);
      assert.ok(traffic.bodyBytes() >= BYTES, `${traffic.bodyBytes()} of ${BYTES} bytes were seen`);
      await context.close();
    });
  }
});
