// The package `onmon` as npm would publish it, in a project of a user's.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PACKAGE } from './site.mjs';

/** Where the libraries of these tests are installed; what both have is taken from the first. */
const INSTALLED = ['node_modules/', 'helia/node_modules/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** What is installed beside these tests, where `npm install` would put it: `folder`/node_modules. */
export function linkLibraries(folder) {
  for (const modules of INSTALLED) {
    for (const name of packagesIn(modules)) {
      const place = join(folder, 'node_modules', name);
      mkdirSync(dirname(place), { recursive: true });
      if (!existsSync(place)) symlinkSync(join(modules, name), place);
    }
  }
}

function packagesIn(modules) {
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

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
