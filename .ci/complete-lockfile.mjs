// Adds to package-lock.json the platform packages that npm left out because the registry in use does not offer them.
// Without these entries `npm ci` takes the lockfile for out of date. Run it after adding or raising a dependency.
import { readFileSync, writeFileSync } from 'node:fs';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

const lockfile = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(lockfile, 'utf8'));
const packages = lock.packages;

for (const [path, { dev, license, engines, optionalDependencies = {} }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(path, name)) continue;
    const platform = toPlatform(name);
    if (!/^\d+\.\d+\.\d+$/.test(version) || (platform.os === undefined && platform.cpu === undefined)) {
      throw new Error(
        `expected the name and exact version of a platform package, got ${name}@${version} (from ${path})`,
      );
    }
    packages[`node_modules/${name}`] = { version, ...platform, dev, license, engines, optional: true };
    console.log(`added ${name}@${version}`);
  }
}
const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
writeFileSync(lockfile, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);

/** Whether a package at `path` finds `name` in its own `node_modules` or in one further up. */
function isLocked(path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

/** Platform packages carry it in their names: `@oxlint/binding-linux-arm64-musl`. */
function toPlatform(name) {
  const words = name.split(/[/-]/);
  const pick = (known) => {
    const found = known.filter((word) => words.includes(word));
    return found.length === 0 ? undefined : found;
  };
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : undefined;
  const gnu = words.some((word) => word.startsWith('gnu')) ? ['glibc'] : undefined;
  return { cpu: pick(processors), libc: libc ?? gnu, os: pick(systems) };
}
