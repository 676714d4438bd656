// Runs every test of this folder, one file after another, and fails if one fails.
//
//   MUSIC=DIR node tests/browser/run.mjs [NAME...]
//
// Also from the environment: CHROME, ONMON, ONMON_SERVER (programs).

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
  .map((name) => join(folder, name));

// One at a time: a browser and a server on two cores are enough to wait for.
run({ files, concurrency: false })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(new spec())
  .pipe(process.stdout);
