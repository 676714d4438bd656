// The planning page: what it says is what `onmon-server plan` prints, by keyboard, on a phone, in both languages.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { launch, open } from './browser.mjs';
import { accessibilityFaults, faintTexts, scrollsSideways } from './looks.mjs';
import { binary } from './service.mjs';
import { serveFiles } from './site.mjs';

const PAGE = fileURLToPath(new URL('../../web-demo/dist/', import.meta.url));
const DOCS = fileURLToPath(new URL('../../docs/capacity.md', import.meta.url));

describe('the planning page', () => {
  let site;
  let browser;

  before(async () => {
    // As onmon-server serves it: the same policy, and no request but for the page's own files.
    site = await serveFiles({ folders: { '/': PAGE } });
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await site?.close();
  });

  async function onPage(act, options, hash = '') {
    const opened = await open(browser, `${site.url}/plan.html${hash}`, options);
    try {
      await answered(opened.page, 0);
      await act(opened.page);
      assert.deepEqual(opened.complaints, []);
      assert.deepEqual(opened.traffic.sent(), []);
    } finally {
      await opened.context.close();
    }
  }

  const turn = (page) => page.evaluate(() => Number(document.documentElement.dataset.answered ?? 0));
  const answered = (page, before) =>
    page.waitForFunction((than) => Number(document.documentElement.dataset.answered ?? 0) > than, before);
  const tableOf = (page) => page.$$eval('#shapes tbody tr', (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

  test('the paper’s own case stands there at once, as the command line has it', async () => {
    const words = ['plan', '--service-time', '5', '--servers', '6', '--rate', '1.02', '--simulate', '0', '--json'];
    const { shapes } = JSON.parse(execFileSync(binary('onmon-server', 'ONMON_SERVER'), words, { encoding: 'utf8' }));
    await onPage(async (page) => {
      const rows = await tableOf(page);
      assert.deepEqual(rows.map(([shape]) => shape), shapes.map(({ n, k }) => `${n} × ${k}`));
      const seconds = (text) => (text.endsWith('ms') ? 1e-3 : 1) * Number.parseFloat(text);
      rows.forEach(([, load, ...times], at) => {
        const told = shapes[at];
        assert.equal(load, '85%');
        const expected = [told.service_s, told.mean_s, told.mean_plus_2_sigma_s, told.exact_p95_s];
        expected.forEach((value, column) => {
          assert.ok(Math.abs(seconds(times[column]) / value - 1) < 6e-3, `${times[column]} for ${value}`);
        });
      });
      assert.match(await page.innerText('#promise'), /3\.19 sec/);
      assert.equal(await page.innerText('#cheapest'), '6 servers');
      const plots = await page.$$eval('.plot canvas', (all) => all.map(({ width, height }) => width * height > 10_000));
      assert.deepEqual(plots, [true, true]);
    });
  });

  test('our own example has the times that were measured', async () => {
    const printed = /a query takes ([\d.]+) s \/ N \+ ([\d.]+) s \(measured, `unknown`\)/.exec(readFileSync(DOCS, 'utf8'));
    await onPage(async (page) => {
      const before = await turn(page);
      await page.click('#preset-onmon');
      await answered(page, before);
      const said = new URLSearchParams(new URL(page.url()).hash.slice(1));
      assert.deepEqual([said.get('serviceS'), said.get('fixedS')], printed.slice(1));
    });
  });

  test('by keyboard: more comes, waits grow, and too much is said', async () => {
    await onPage(async (page) => {
      await page.focus('#rate');
      const first = await page.innerText('#promise');
      let before = await turn(page);
      for (let press = 0; press < 5; press += 1) await page.keyboard.press('ArrowRight');
      await answered(page, before);
      await page.waitForFunction((than) => document.querySelector('#promise').innerText !== than, first);
      before = await turn(page);
      await page.keyboard.press('End');
      await answered(page, before);
      await page.getByText('more than 6 servers can bear').waitFor();
      assert.match(await page.getAttribute('#rate', 'aria-valuetext'), /10,000 a second/);
    });
  });

  test('an address brings a case with it; a wrong one the paper’s', async () => {
    await onPage(
      async (page) => {
        assert.deepEqual((await tableOf(page)).map(([shape]) => shape), ['1 × 2', '2 × 1']);
        assert.equal(await page.innerText('#rate-value'), '0.3 a second');
      },
      {},
      '#serviceS=2&ratePerS=0.3&servers=2&targetS=5&share=0.99&dispatch=random',
    );
    await onPage(async (page) => assert.equal((await tableOf(page)).length, 4), {}, '#serviceS=-1&ratePerS=x&dispatch=whoever');
  });

  for (const [colorScheme, locale] of [['light', 'ja-JP'], ['dark', 'en-GB']]) {
    test(`fits a phone and can be read, ${colorScheme}, ${locale}`, async () => {
      await onPage(
        async (page) => {
          assert.equal(await scrollsSideways(page), false);
          assert.deepEqual(await faintTexts(page), []);
          assert.deepEqual(await accessibilityFaults(page), []);
          assert.equal(await page.getAttribute('html', 'lang'), locale.slice(0, 2));
        },
        { viewport: { width: 360, height: 740 }, colorScheme, locale },
      );
    });
  }
});
