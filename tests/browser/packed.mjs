// The package `onmon` as npm would publish it, in a project of a user's.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE } from './site.mjs';

/** Packs what lies there and puts it where `npm install` would: `folder`/node_modules/onmon. */
export function installPacked(folder) {
  const options = { cwd: PACKAGE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  // Packing must not run a build: what is tested is what lies there.
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const name = execFileSync('npm', words, options).trim().split('\n').at(-1);
  const place = join(folder, 'node_modules/onmon');
  mkdirSync(place, { recursive: true });
  execFileSync('tar', ['xzf', join(folder, name), '-C', place, '--strip-components=1']);
}
