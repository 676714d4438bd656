// Builds the site: the package's reference out of its types by TypeDoc, one module for each entry point of
// wasm/npm/package.json, and the pages with their examples. Every warning is an error, and so is a link to nothing.
//
//   node docs/site/build.mjs OUT

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Application, PageEvent } from 'typedoc';

import { brokenLinks } from './links.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PACKAGE = join(HERE, '../../wasm/npm');

if (!process.argv[2]) throw new Error('node docs/site/build.mjs OUT');
const out = resolve(process.argv[2]);
const entries = writeEntries(`${out}-entries`);
rmSync(out, { recursive: true, force: true });

const app = await Application.bootstrapWithPlugins({
  name: 'onmon',
  entryPoints: entries.files,
  tsconfig: entries.tsconfig,
  readme: join(PACKAGE, 'README.md'),
  projectDocuments: readdirSync(join(HERE, 'pages')).sort().map((name) => join(HERE, 'pages', name)),
  // Else it takes THIRD-PARTY.md for a site's name.
  markdownItOptions: { html: true, linkify: false },
  customCss: join(HERE, 'site.css'),
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  navigation: { includeGroups: true },
  groupOrder: ['First steps', 'Uploads', 'Shared files', 'Live', 'Servers', 'Functions', 'Classes', '*'],
  sort: ['documents-first', 'alphabetical-ignoring-documents'],
  treatWarningsAsErrors: true,
});
// TypeDoc's pages have no main landmark, which is what a screen reader jumps to.
app.renderer.on(PageEvent.END, (page) => {
  page.contents = page.contents.replace('<div class="col-content">', '<div class="col-content" role="main">');
});
const project = await app.convert();
if (!project) throw new Error('TypeDoc could not read the package');
app.validate(project);
await app.generateDocs(project, out);
const broken = brokenLinks(out);
for (const line of broken) console.error(line);
if (app.logger.hasErrors() || app.logger.hasWarnings() || broken.length > 0) process.exitCode = 1;

/** For each entry point a module of its name, which exports what it exports. */
function writeEntries(folder) {
  const { exports } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  const files = Object.entries(exports)
    .filter(([, target]) => target.types)
    .map(([name, { types }]) => {
      const file = join(folder, `${join('onmon', name)}.ts`);
      const source = join(PACKAGE, types.replace('/dist/', '/src/').replace('.d.ts', '.js'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, entryText(join('onmon', name), relative(dirname(file), source), source));
      return file;
    });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const tsconfig = join(folder, 'tsconfig.json');
  const compilerOptions = { rootDir: '/', noEmit: true, noUnusedLocals: false, typeRoots: [join(PACKAGE, 'node_modules/@types')] };
  writeFileSync(tsconfig, JSON.stringify({ extends: join(PACKAGE, 'tsconfig.json'), compilerOptions, include: files }));
  return { files, tsconfig };
}

/** A module that exports what another one exports; what that one unpacks from an object as functions, which they are. */
function entryText(name, path, source) {
  const unpacked = /export const \{([^}]+)\} =/.exec(readFileSync(source.replace(/js$/, 'ts'), 'utf8'))?.[1] ?? '';
  const functions = unpacked.split(',').map((word) => word.trim()).filter((word) => /^[a-z]/.test(word));
  const lines = functions.map((word) => `/** @function */\nexport const ${word} = all.${word};`);
  return [`/** @module ${name} */`, `import * as all from '${path}';`, `export * from '${path}';`, ...lines, ''].join('\n');
}
