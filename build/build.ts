import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { renderNotices } from './third-party-notices.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** Written by `link-client.mjs`: they say whether `farhand/client` is the sources or what is built here. */
const links = new Set(['client.js', 'client.d.ts']);

/**
 * Of `import { z } from 'zod'` esbuild keeps all that `z` has: its messages in fifty languages, and what makes schemas of JSON Schema. Of
 * a namespace it keeps what is used.
 */
const zodByNamespace: Plugin = {
  name: 'zod-by-namespace',
  setup(bundler) {
    bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (path.includes('/node_modules/')) return null;
      const text = await readFile(path, 'utf8');
      return { contents: text.replace("import { z } from 'zod'", "import * as z from 'zod'"), loader: 'ts' };
    });
  },
};

/**
 * grpc-js reads `.proto` files where it serves channelz or load reports, which are never asked for here: half a megabyte that would lie in
 * every process that speaks gRPC.
 */
const noProtoLoader: Plugin = {
  name: 'no-proto-loader',
  setup(bundler) {
    bundler.onResolve({ filter: /^@grpc\/proto-loader$/ }, () => ({ path: 'proto-loader', namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: "exports.loadSync = () => { throw new Error('.proto files are not read in this bundle'); };",
      loader: 'js',
    }));
  },
};

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  metafile: true,
  // Without comments, which the process would hold in memory with the rest of the text. Names and lines stay: people read stack traces.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [zodByNamespace, noProtoLoader],
};

await mkdir(dist, { recursive: true });
for (const name of await readdir(dist)) {
  if (!links.has(name)) await rm(join(dist, name), { recursive: true });
}

const [program] = await Promise.all([buildProgram(), buildClient(), declareClient()]);
const bundled = Object.keys(program.metafile?.inputs ?? {});
await writeFile(join(dist, 'THIRD-PARTY-NOTICES.txt'), await renderNotices(root, bundled));

/**
 * The program with all that it imports: an entry, and a file for what each command loads when it is called. All of them lie in `dist/`
 * itself, as `runtime/package-folder.ts` relies on.
 */
function buildProgram() {
  return build({
    ...common,
    entryPoints: { farhand: 'cli/main.ts' },
    outdir: 'dist',
    chunkNames: '[name]-[hash]',
    splitting: true,
    platform: 'node',
    target: 'node24',
    // CommonJS packages ask for Node's own modules by `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
    },
  });
}

/** `farhand/client` in one file, which runs in browsers too. */
function buildClient() {
  return build({
    ...common,
    entryPoints: { client: 'client/client.ts' },
    outdir: 'dist/client',
    platform: 'neutral',
    target: 'es2024',
  });
}

/** Its types, beside it. */
async function declareClient(): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '--project', join(root, 'build/client.tsconfig.json')]);
}
