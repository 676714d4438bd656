// The operator's page on a real server that has permitted, refused and sold: it tells what the API tells.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { essence, fingerprint } from '../../wasm/npm/dist/node.js';
import { launch, open } from './browser.mjs';
import { accessibilityFaults, faintTexts, focused, scrollsSideways, tabTo } from './looks.mjs';
import { tracks } from './music.mjs';
import { scratch, serve } from './service.mjs';

/** A title that would be markup, if the page were careless. */
const TITLE = '<img src=x onerror="alert(1)"> & “quoted”';

/** What Chromium says of a token that is not taken. */
const NOT_TAKEN = /status of 401/;

const PHONE = { width: 360, height: 740 };

describe('the operator’s page', () => {
  let folder;
  let server;
  let browser;

  before(async () => {
    folder = scratch();
    const [first, second, refused, unknown] = tracks(4);
    server = await serve(
      folder.path,
      [
        { file: first, recordingId: 'rec-first', title: TITLE, artist: '音楽家', rights: 'entrusted' },
        { file: second, recordingId: 'rec-second', title: 'Another', artist: 'Somebody', rights: 'entrusted' },
        { file: refused, recordingId: 'rec-refused', title: 'Kept back', artist: 'Nobody', rights: 'not_entrusted' },
      ],
      { words: ['--open-registration'] },
    );
    await business({ first, second, refused, unknown });
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    folder?.close();
  });

  async function ask(method, path, token, body, headers = { 'content-type': 'application/json' }) {
    const all = { ...(body !== undefined && headers), ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${server.url}${path}`, { method, headers: all, body });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  }

  async function account(name) {
    const { api_key } = await ask('POST', '/v1/accounts', undefined, JSON.stringify({ name }));
    return (await ask('POST', '/v1/tokens', api_key, '')).access_token;
  }

  /** Some uploads of each kind, and some downloads. */
  async function business({ first, second, refused, unknown }) {
    const [sharer, ...buyers] = await Promise.all(['sharer', 'one', 'two', 'three'].map(account));
    const share = async (file, method) => {
      const bytes = readFileSync(file);
      const digest = Buffer.from((await essence(bytes)).digest).toString('hex');
      const { bytes: print } = await fingerprint(bytes);
      const headers = { 'content-type': 'application/vnd.onmon.fingerprint', 'idempotency-key': randomUUID() };
      const path = `/v1/shares?method=${method}&essence=${digest}`;
      return { digest, ...(await ask('POST', path, sharer, print, headers)).permit };
    };
    const tagged = await share(first, 'tag');
    const sealed = await share(second, 'drm');
    await share(second, 'tag');
    await share(refused, 'tag');
    await share(unknown, 'tag');
    const buy = (buyer, wanted) => ask('POST', '/v1/purchases', buyer, JSON.stringify(wanted));
    for (const buyer of buyers) await buy(buyer, { permit_id: tagged.permit_id, essence: tagged.digest });
    await buy(buyers[0], { kid: sealed.kid });
  }

  function api(path) {
    return ask('GET', path, server.adminToken);
  }

  /** Opens the page, does something on it, and closes it when nothing was complained of. */
  async function onPage(act, options, expected = []) {
    const opened = await open(browser, `${server.url}/operator`, options);
    try {
      await act(opened);
      assert.deepEqual(opened.complaints.filter((line) => !expected.some((known) => known.test(line))), []);
      const foreign = opened.traffic.routed.filter(({ url }) => !url.startsWith(server.url));
      assert.deepEqual(foreign, [], 'requests to other sites');
    } finally {
      await opened.context.close();
    }
  }

  async function signIn(page) {
    await page.fill('#token', server.adminToken);
    await page.click('[type=submit]');
    await page.waitForSelector('#board:not([hidden])');
  }

  /** The tiles by their labels: {'Downloads': ['4']}. */
  function tiles(page) {
    return page.locator('#tiles > div').evaluateAll((all) =>
      Object.fromEntries(all.map((tile) => {
        const [label, ...told] = [...tile.children].map((part) => part.textContent);
        return [label, told];
      })),
    );
  }

  function bars(page, id) {
    return page.locator(`#${id} rect`).evaluateAll((all) =>
      all.map((bar) => ({ name: bar.classList[0], height: Number(bar.getAttribute('height')), title: bar.textContent })),
    );
  }

  test('tells the counts and the money that the API tells', async () => {
    await onPage(async ({ page }) => {
      await signIn(page);
      const [summary, top] = [await api('/v1/operator/summary'), await api('/v1/operator/top')];
      assert.deepEqual([summary.uploads, summary.downloads, summary.recordings, summary.unknown], [3, 4, 3, 1]);
      const shown = await tiles(page);
      const { Ledger: ledger, ...others } = shown;
      assert.deepEqual(others, {
        'Uploads permitted': ['3'],
        Downloads: ['4'],
        'Downloads refunded': [String(summary.refunds)],
        'Charged, yen': [summary.charged.yen],
        'Held, yen': [summary.held.yen],
        Recordings: ['3'],
        'Unknown kept': ['1'],
        'Permits revoked': ['0'],
        'Audit lines': [String(summary.audit_lines)],
      });
      assert.equal(summary.ledger_is_sound, true);
      const checked = await page.evaluate((ms) => new Date(ms).toLocaleTimeString(navigator.language), summary.ledger_checked_ms);
      assert.deepEqual(ledger, ['balances', `checked at ${checked}`]);

      const rows = await page.locator('#top tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
      const title = ({ title, artist }) => [title, artist].filter(Boolean).join(' – ');
      assert.deepEqual(rows, top.map((line) => [title(line), line.recording_id, String(line.uploads), String(line.downloads)]));
      assert.ok(rows[0][0].includes(TITLE), 'a title is text, not markup');
      const books = await page.locator('#books tbody tr').count();
      assert.equal(books, summary.books.length);
    });
  });

  test('draws a bar for what there was, as tall as it was much', async () => {
    await onPage(async ({ page }) => {
      await signIn(page);
      const [day] = (await api('/v1/operator/days?days=30')).filter(({ downloads }) => downloads > 0);
      const drawn = await bars(page, 'decisions');
      assert.deepEqual(Object.fromEntries(drawn.map(({ name, title }) => [name, Number(title.split(' ').at(-1))])), day.decisions);
      const height = (name) => drawn.find((bar) => bar.name === name).height;
      const { permit, refuse } = day.decisions;
      assert.ok(Math.abs(height('permit') / height('refuse') - permit / refuse) < 0.01);
      assert.equal(await page.locator('#decisions .key li').count(), 4);
      for (const [id, told] of [['downloads', day.downloads], ['money', day.charged.yen]]) {
        const [bar, ...more] = await bars(page, id);
        assert.ok(more.length === 0 && bar.height > 1 && bar.title.endsWith(String(told)), JSON.stringify(bar));
        assert.match(await page.locator(`#${id} svg`).getAttribute('aria-label'), new RegExp(`${told}$`));
      }
    });
  });

  test('the keyboard alone signs in and out, and a wrong token is said to be one', async () => {
    await onPage(
      async ({ page }) => {
        await tabTo(page, 'token');
        await page.keyboard.type('not the token');
        await page.keyboard.press('Enter');
        await page.getByText('This token is not taken here.').waitFor();
        assert.equal(await focused(page), 'token');
        await page.keyboard.type(server.adminToken);
        await page.keyboard.press('Enter');
        await page.waitForSelector('#board:not([hidden])');
        assert.equal(await focused(page), 'board');
        await tabTo(page, 'sign-out');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#board', { state: 'hidden' });
        assert.equal(await focused(page), 'token');
        assert.equal(await page.evaluate(() => sessionStorage.length), 0);
      },
      {},
      [NOT_TAKEN],
    );
  });

  test('nothing of others runs on it or is asked for', async () => {
    const headers = (await fetch(`${server.url}/operator`)).headers;
    assert.match(headers.get('content-security-policy'), /default-src 'none'.*form-action 'none'/);
    await onPage(
      async ({ page, complaints }) => {
        const blocked = await page.evaluate(async () => {
          const script = document.createElement('script');
          script.textContent = 'globalThis.ran = true';
          document.body.append(script);
          const reached = await fetch('https://elsewhere.invalid/').then(() => 'reached', () => 'blocked');
          return [globalThis.ran ?? 'blocked', reached];
        });
        assert.deepEqual(blocked, ['blocked', 'blocked']);
        await page.waitForFunction(() => true);
        assert.ok(complaints.some((line) => line.includes('CSP: script-src-elem')), complaints.join('\n'));
        assert.ok(complaints.some((line) => line.includes('CSP: connect-src')), complaints.join('\n'));
      },
      {},
      [/CSP: (script|connect)-src/, /Content Security Policy/],
    );
  });

  for (const locale of ['en-GB', 'ja-JP']) {
    for (const colorScheme of ['light', 'dark']) {
      test(`fits a phone, can be read and has no fault that axe finds: ${locale}, ${colorScheme}`, async () => {
        const options = { viewport: PHONE, locale, colorScheme };
        await onPage(async ({ page }) => {
          const isJapanese = locale === 'ja-JP';
          assert.equal(await page.locator('html').getAttribute('lang'), isJapanese ? 'ja' : 'en');
          assert.deepEqual(await accessibilityFaults(page), []);
          await signIn(page);
          const ledger = Object.entries(await tiles(page)).at(-1);
          assert.deepEqual([ledger[0], ledger[1][0]], isJapanese ? ['帳簿', '一致'] : ['Ledger', 'balances']);
          assert.deepEqual(await page.locator('[data-text]').evaluateAll((all) => all.filter((one) => one.textContent === one.dataset.text && one.dataset.text !== 'operator').map((one) => one.dataset.text)), []);
          assert.equal(await scrollsSideways(page), false);
          assert.deepEqual(await accessibilityFaults(page), []);
          assert.deepEqual(await faintTexts(page), []);
        }, options);
      });
    }
  }
});
