// The page against a real server: what a person sees, and what leaves the machine.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { drop, launch, open, outcome } from './browser.mjs';
import { sameButForTheDecoder } from './codes.mjs';
import { accessibilityFaults, faintTexts, focused, scrollsSideways, tabTo } from './looks.mjs';
import { reencoded, stem, tracks } from './music.mjs';
import { binary, scratch, serve } from './service.mjs';

/** The promise of the whole project: this is all that may leave the page, in bytes. */
const BODY_BYTES_MAX = 4_096;

describe('the page', () => {
  const [permitted, refused, unknown] = tracks(3);
  let folder;
  let server;
  let browser;

  before(async () => {
    folder = scratch();
    server = await serve(folder.path, [
      { file: permitted, recordingId: 'rec-permit', title: 'A known song, “quoted”', artist: '音楽家', rights: 'entrusted' },
      { file: refused, recordingId: 'rec-refuse', title: 'Kept back', artist: 'Somebody', rights: 'not_entrusted' },
    ]);
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    folder?.close();
  });

  /** Opens the page, does something on it, and closes it when nothing unexpected was said or sent. */
  async function onPage(act, options) {
    const opened = await open(browser, server.url, options);
    try {
      await act(opened);
      assert.deepEqual(opened.complaints, []);
      assert.ok(opened.traffic.bodyBytes() < BODY_BYTES_MAX, `${opened.traffic.bodyBytes()} bytes left`);
      const foreign = opened.traffic.routed.filter(({ url }) => !url.startsWith(server.url));
      assert.deepEqual(foreign, [], 'requests to other sites');
    } finally {
      await opened.context.close();
    }
  }

  test('identifies a known song in another encoding, and only its fingerprint leaves', async () => {
    const song = reencoded(permitted, folder.path, 'mp3', '-b:a', '128k') ?? permitted;
    await onPage(async ({ page, traffic }) => {
      await drop(page, song);
      const seen = await outcome(page);
      assert.deepEqual([seen.outcome, seen.recordingId], ['permit', 'rec-permit']);
      await page.getByText('A known song, “quoted”').first().waitFor();
      await page.getByText('音楽家').first().waitFor();

      const sent = traffic.sent();
      assert.equal(sent.length, 1, 'one request carries a body');
      assert.equal(new URL(sent[0].url).pathname, '/v1/identify');
      assert.deepEqual(await hexOf(page), [...sent[0].body], 'the page shows the very bytes');
      sameButForTheDecoder(sent[0].body, extractedBy('onmon', song));
      const exact = sent[0].body.length.toLocaleString('en-GB');
      assert.ok((await page.locator('#sent-content').innerText()).includes(`${exact} bytes`));
    });
  });

  test('says of an unknown song that no right was found, never that it is free', async () => {
    await onPage(async ({ page }) => {
      await drop(page, unknown);
      const seen = await outcome(page);
      assert.deepEqual([seen.outcome, seen.recordingId], ['unregistered', '']);
      assert.match(seen.why, /No entrusted right found/);
      assert.doesNotMatch(await page.locator('main').innerText(), /\bfree\b/i);
    });
  });

  test('refuses a song whose rights are not entrusted, as an alert', async () => {
    await onPage(async ({ page }) => {
      await drop(page, refused);
      const seen = await outcome(page);
      assert.deepEqual([seen.outcome, seen.recordingId], ['refuse', 'rec-refuse']);
      assert.match(await page.getByRole('alert').textContent(), /Refused.*Kept back/);
      assert.equal(await page.getByRole('status').textContent(), '', 'said once, not twice');
    });
  });

  test('works by keyboard alone, and keeps the focus', async () => {
    await onPage(async ({ page }) => {
      // Listened for long before the key: the browser is told of it by a message of its own.
      const chooser = page.waitForEvent('filechooser');
      await tabTo(page, 'choose');
      await page.keyboard.press('Enter');
      await (await chooser).setFiles(permitted);
      await outcome(page);
      assert.equal(await focused(page), 'choose');
      assert.match(await page.getByRole('status').textContent(), /Permitted.*A known song/);
      await tabTo(page, 'hex');
      await page.keyboard.press('PageDown');
      await page.waitForFunction(() => document.getElementById('hex').scrollTop > 0);
    });
  });

  test('Escape cancels: nothing is sent, and the page is ready for the next file', async () => {
    await onPage(async ({ context, page, traffic }) => {
      // The worker's script is held back, so that there is time to press a key.
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const hold = (route) => held.then(() => route.fallback()).catch(() => undefined);
      await context.route('**/assets/worker-*.js', hold);
      await drop(page, permitted);
      await page.waitForSelector('html[data-state=working]');
      await page.keyboard.press('Escape');
      await page.waitForSelector('html[data-state=idle]');
      assert.match(await page.getByRole('status').textContent(), /Cancelled. Nothing was sent/);
      release();
      await context.unroute('**/assets/worker-*.js', hold);
      await drop(page, unknown);
      assert.equal((await outcome(page)).outcome, 'unregistered');
      assert.equal(traffic.sent().length, 1);
    });
  });

  test('says what is wrong with a file that is none, and sends nothing', async () => {
    const empty = join(folder.path, 'empty.mp3');
    writeFileSync(empty, '');
    const text = join(folder.path, 'letter.mp3');
    writeFileSync(text, 'Dear listener, this is not music.\n'.repeat(1_000));
    await onPage(async ({ page, traffic }) => {
      for (const [file, code] of [[empty, 'empty_file'], [text, 'unsupported_container']]) {
        await drop(page, file);
        await page.locator(`#decision[data-error-code=${code}]`).waitFor();
        assert.equal((await outcome(page)).outcome, 'failed');
      }
      assert.equal(traffic.sent().length, 0);
    });
  });

  test('is Japanese for a Japanese browser, changes at a press, and remembers', async () => {
    await onPage(
      async ({ page }) => {
        assert.equal(await page.locator('html').getAttribute('lang'), 'ja');
        await page.getByRole('button', { name: 'ファイルを選ぶ' }).waitFor();
        await drop(page, refused);
        assert.equal((await outcome(page)).word, '拒否');
        await page.getByRole('button', { name: 'English' }).click();
        assert.equal(await page.locator('#decision-word').innerText(), 'Refused');
        await page.reload();
        assert.equal(await page.locator('html').getAttribute('lang'), 'en');
      },
      { locale: 'ja-JP' },
    );
  });

  test('has no fault that axe finds, before, and after each decision', async () => {
    for (const song of [permitted, refused, unknown]) {
      await onPage(async ({ page }) => {
        assert.deepEqual(await accessibilityFaults(page), []);
        await drop(page, song);
        await outcome(page);
        assert.deepEqual(await accessibilityFaults(page), []);
      });
    }
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`fits a phone and can be read, ${colorScheme}`, async () => {
      await onPage(
        async ({ page }) => {
          await drop(page, permitted);
          await outcome(page);
          assert.equal(await scrollsSideways(page), false);
          assert.deepEqual(await faintTexts(page), []);
        },
        { viewport: { width: 360, height: 740 }, colorScheme },
      );
    });
  }

  /** The wire bytes that a native program makes of a file. */
  function extractedBy(name, file) {
    execFileSync(binary(name, name.toUpperCase()), ['extract', '-o', folder.path, file], { stdio: 'ignore' });
    return readFileSync(join(folder.path, `${stem(file)}.afp`));
  }
});

async function hexOf(page) {
  const rows = await page.locator('.hex-codes').allTextContents();
  return rows.flatMap((row) => row.match(/[0-9a-f]{2}/g).map((pair) => Number.parseInt(pair, 16)));
}
