import { registerHooks } from 'node:module';

/**
 * Loaded before everything else (`node --import`), in each process of a test run: agents start wrappers by execa, as they do where a
 * system has no `setsid`. Nobody else can ask for that, so no configuration key does.
 */
const usual = new URL('../../agent/executors/process/create-launcher.ts', import.meta.url).href;
const ours = new URL('launch-by-execa.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url === usual ? { ...found, url: ours } : found;
  },
});

const [found, wanted]: readonly object[] = await Promise.all([import(usual), import(ours)]);
if (found !== wanted) throw new Error(`expected ${ours} in the place of ${usual}: this Node takes no hooks`);
