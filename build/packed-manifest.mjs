// What `package.json` says in the package: the bundle holds what it depends on, so whoever installs it needs none of that. `write` before
// packing, `restore` behind it; where packing was killed in between, `restore` (or `git checkout package.json`) brings it back.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = join(root, 'package.json');
const kept = join(root, 'node_modules/.package-json-of-the-checkout');

function write() {
  restore();
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(kept, text);
  const packed = JSON.parse(text);
  delete packed.dependencies;
  delete packed.devDependencies;
  replace(`${JSON.stringify(packed, null, 2)}\n`);
}

function restore() {
  if (existsSync(kept)) renameSync(kept, manifest);
}

/** Whoever reads it meanwhile reads the one or the other. */
function replace(text) {
  writeFileSync(`${manifest}.new`, text);
  renameSync(`${manifest}.new`, manifest);
}

if (process.argv[2] === 'write') write();
else restore();
