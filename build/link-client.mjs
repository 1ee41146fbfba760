// Says what `farhand/client` is, by writing dist/client.js and its types: the sources in a checkout (`npm ci` calls it, on whatever
// Node there is), or what `npm run build` makes of them in a package (`link-client.mjs build`).
import { mkdirSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const target = process.argv[2] === 'build' ? './client/client.js' : '../client/client.ts';

mkdirSync(dist, { recursive: true });
for (const file of ['client.js', 'client.d.ts']) writeFileSync(join(dist, file), `export * from '${target}';\n`);
