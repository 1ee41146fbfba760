import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Paths of the programs of `bench/programs`, bundled as the product is: what runs from sources takes more memory, and starts processes slower. */
export async function bundlePrograms(folder: string): Promise<(name: string) => string> {
  const source = join(import.meta.dirname, 'programs');
  const names = (await readdir(source))
    .filter((name) => name !== 'serve-parent.ts')
    .map((name) => name.replace(/\.ts$/, ''));
  await build({
    entryPoints: names.map((name) => join(source, `${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    // As in `build/build.ts`.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
    },
  });
  return (name) => {
    if (!names.includes(name)) throw new Error(`expected one of ${names.join(', ')}, got ${name}`);
    return join(folder, `${name}.mjs`);
  };
}
