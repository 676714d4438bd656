// The capacity model in WebAssembly against the figures of the paper's own case, as docs/capacity.md prints them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { capacityModel } from 'onmon/capacity';

/** `1.020    2     3       6     85 %     2.500 s     4.567 s     9.755 s       9.780 s …` */
const LINE = /^\s+([\d.]+)\s+(\d+)\s+(\d+)\s+\d+\s+85 %\s+([\d.]+) s\s+([\d.]+) s\s+([\d.]+) s\s+([\d.]+) s/;

test('six servers, 5 s, 85 % busy: what the command line prints', async () => {
  const docs = readFileSync(new URL('../../../docs/capacity.md', import.meta.url), 'utf8');
  const printed = docs.split('\n').map((line) => LINE.exec(line)?.slice(1).map(Number)).filter(Boolean);
  const six = printed.filter(([, n, k]) => n * k === 6);
  assert.equal(six.length, 4);
  const model = await capacityModel({ wholeS: 5 });
  const rows = model.shapes(6, 0.85 * 6 / 5);
  const told = rows.map(({ parts, groups, serviceS, meanS, meanPlus2SigmaS, atShareS }) => [parts, groups, serviceS, meanS, meanPlus2SigmaS, atShareS]);
  six.forEach(([, ...expected], at) => {
    expected.forEach((value, column) => assert.ok(Math.abs(told[at][column] / value - 1) < 5e-4, `${told[at]} for ${expected}`));
  });
});

test('a share of the queries is within the time that it is said to keep', async () => {
  const model = await capacityModel({ wholeS: 5, fixedS: 0.1, dispatch: 'least-connection' });
  for (const share of [0.5, 0.95, 0.99]) {
    const [row] = model.shapes(3, 0.5, share);
    const [longer] = model.longer(row, 0.5, [row.atShareS]);
    // At half a share nobody may wait at all: then it is the service time, in which more are done.
    assert.ok(longer <= 1 - share + 1e-6, `${longer} at ${share}`);
    const [over] = model.overLoads(row, [row.load], share);
    assert.ok(Math.abs(over - row.atShareS) < 1e-9);
  }
});

test('the fewest servers keep the promise, and one less does not', async () => {
  const model = await capacityModel({ wholeS: 4.86 });
  const found = model.cheapest({ ratePerS: 10, targetS: 13 });
  assert.equal(found.parts * found.groups, 58);
  assert.ok(found.atShareS <= 13 && found.load <= 0.85);
  const less = model.shapes(57, 10).filter(({ load, atShareS }) => load <= 0.85 && atShareS <= 13);
  assert.deepEqual(less, []);
  assert.throws(() => model.cheapest({ ratePerS: 10, targetS: 0.001, partsMax: 4 }), { code: 'no_plan' });
});

test('what is no model says so', async () => {
  await assert.rejects(capacityModel({ wholeS: -1 }), { code: 'invalid_model' });
  await assert.rejects(capacityModel({ wholeS: 1, dispatch: 'whoever' }), { code: 'invalid_model' });
  const model = await capacityModel({ wholeS: 1 });
  assert.throws(() => model.overLoads({ parts: 1, groups: 1 }, [1]), { code: 'invalid_model' });
  assert.throws(() => model.longer({ parts: 1, groups: 1 }, 2, [1]), { code: 'invalid_model' });
  const [row] = model.shapes(1, 2);
  assert.deepEqual([row.load, row.meanS], [2, undefined], 'too much is told, not thrown');
});
