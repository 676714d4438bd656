// The page's whole walk: a song is shared by either method, another account pays for the copy and hears it; and
// the page listens to what plays in the room. A real server, and Chromium's microphone with real music behind it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { drop, launch, microphone, open, outcome } from './browser.mjs';
import { accessibilityFaults, faintTexts, focused, scrollsSideways, tabTo } from './looks.mjs';
import { enrolled, forMicrophone, licensedBannedAndOwn, tracks } from './music.mjs';
import { binary, scratch, serve } from './service.mjs';

/** Of four fingerprints (identification, permit, recheck of what was bought; or another song's) and small talk. */
const WALK_BYTES_MAX = 8_192;

describe('the page’s walk', () => {
  let folder;
  let files;
  let server;
  let browser;

  before(async () => {
    folder = scratch();
    files = licensedBannedAndOwn(folder.path);
    server = await serve(folder.path, enrolled(files), { words: ['--open-registration'] });
    browser = await launch(microphone(forMicrophone(tracks(1)[0], folder.path)));
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    folder?.close();
  });

  /** Opens the page, does something on it, and closes it when nothing unexpected was said or sent. */
  async function onPage(act, options) {
    const opened = await open(browser, server.url, { permissions: ['microphone'], ...options });
    try {
      await act(opened);
      assert.deepEqual(opened.complaints, []);
      assert.ok(opened.traffic.bodyBytes() < WALK_BYTES_MAX, `${opened.traffic.bodyBytes()} bytes left`);
      assert.deepEqual(opened.traffic.routed.filter(({ url }) => !url.startsWith(server.url)), []);
    } finally {
      await opened.context.close();
    }
  }

  const lock = (page, state) => page.locator(`#listener-card[data-player=${state}]`).waitFor();

  for (const method of ['tag', 'drm']) {
    test(`${method}: by keyboard, from the dropped song to the one that plays`, async () => {
      await onPage(async ({ page }) => {
        await drop(page, files[0]);
        assert.equal((await outcome(page)).outcome, 'permit');
        await tabTo(page, `share-${method}`);
        await page.keyboard.press('Enter');
        await lock(page, 'locked');
        assert.match(await page.locator('#player-note').innerText(), /^\d+\.\d\d yen/);
        assert.deepEqual(await page.$eval('#player', ({ src, hidden }) => [src, hidden]), ['', true], 'nothing to play');
        assert.deepEqual(await accessibilityFaults(page), []);

        const saving = page.waitForEvent('download');
        await page.getByRole('link', { name: 'Save the copy' }).click();
        const saved = join(folder.path, `${method}-${(await saving).suggestedFilename()}`);
        await (await saving).saveAs(saved);
        const bytes = readFileSync(saved);
        const original = readFileSync(files[0]);
        if (method === 'tag') {
          const read = execFileSync(binary('onmon', 'ONMON'), ['tag', 'read', saved], { encoding: 'utf8' });
          assert.match(read, new RegExp(await permitShown(page)));
          assert.ok(bytes.length > original.length && bytes.length < original.length + 2_000);
        } else {
          assert.ok(!bytes.includes(original.subarray(10_000, 10_064)), 'nothing of the song can be read');
        }

        await tabTo(page, 'buy');
        await page.keyboard.press('Enter');
        await lock(page, 'open');
        assert.equal(await focused(page), 'player');
        await page.waitForFunction(() => document.querySelector('#player').currentTime > 0.2);
        assert.match(await page.locator('#player-note').innerText(), /^Paid \d+\.\d\d yen, purchase buy_/);
        assert.deepEqual(await accessibilityFaults(page), []);
      });
    });
  }

  test('both copies of one song, one after the other; another song takes the first one away', async () => {
    await onPage(async ({ page }) => {
      await drop(page, files[0]);
      await outcome(page);
      await page.click('#share-tag');
      await lock(page, 'locked');
      const first = await permitShown(page);
      await page.click('#share-drm');
      await page.getByText('encrypted here').waitFor();
      assert.notEqual(await permitShown(page), first);
      await lock(page, 'locked');
      await drop(page, files[1]);
      assert.equal((await outcome(page)).outcome, 'refuse');
      assert.equal(await page.locator('#share-card').isVisible(), false);
      assert.equal(await page.locator('#listener-card').isVisible(), false);
    });
  });

  test('the codes come with the picture of what they are made of, which stays', async () => {
    await onPage(async ({ page, traffic }) => {
      await drop(page, files[2]);
      assert.equal((await outcome(page)).outcome, 'unregistered');
      // Once the codes have come in: both canvases of every sample have something on them.
      await page.waitForFunction(() => {
        const isDrawn = (canvas) => {
          const copy = new OffscreenCanvas(40, canvas.height).getContext('2d', { willReadFrequently: true });
          copy.drawImage(canvas, 40 - canvas.width, 0);
          const { data } = copy.getImageData(0, 0, 40, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size > 3;
        };
        const drawn = [...document.querySelectorAll('.strip canvas')].map(isDrawn);
        return drawn.length === 12 && drawn.every(Boolean);
      });
      assert.equal(traffic.sent().length, 1);
    });
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`listens to the room on a phone, ${colorScheme}: 60 bytes for 3 s`, { timeout: 120_000 }, async () => {
      await onPage(
        async ({ page, traffic }) => {
          await page.click('#listen');
          await page.locator('.segment[data-outcome=permit]').getByText('Title 0').waitFor({ timeout: 90_000 });
          assert.equal(await scrollsSideways(page), false);
          assert.deepEqual(await faintTexts(page), []);
          assert.deepEqual(await accessibilityFaults(page), []);
          await page.getByRole('button', { name: 'Stop listening' }).click();
          await page.getByText('the microphone is off').waitFor();
          const paths = new Set(traffic.sent().map(({ url }) => new URL(url).pathname.split('/')[2]));
          assert.deepEqual([...paths], ['streams']);
          assert.ok(traffic.bodyBytes() < statSync(files[0]).size / 1_000);
        },
        { viewport: { width: 360, height: 740 }, colorScheme },
      );
    });
  }
});

async function permitShown(page) {
  return /prm_\w+/.exec(await page.locator('#share-content').innerText())[0];
}
