import { X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { printJson } from '../json-document.ts';
import { type Leaf, openAuthority } from './authority.ts';
import { toCertificateView } from './certificate-view.ts';
import { type PemPair, type PemPaths, replacePair, writeNewPair } from './pem-pair.ts';
import { toShownPath } from './shown-path.ts';

export interface IssueOptions {
  /** Of the CA, and of what is made. */
  readonly folder: string;
  readonly days: number;
  readonly json?: true;
}

/** Has the CA of the folder sign, writes `<name>.pem` and `<name>.key` beside it, and says so. */
export async function issuePair(
  context: Context,
  { folder, days, json }: IssueOptions,
  { name, next, ...leaf }: Omit<Leaf, 'days'> & { readonly name: string; readonly next: readonly string[] },
): Promise<void> {
  const authority = await openAuthority(resolve(context.folder, folder));
  const paths = toPaths(context, folder, name);
  const pair = authority.issue({ ...leaf, days });
  await writeNewPair(paths, pair);
  await tellPair(context, { paths, pair, next, json });
}

export function toPaths(context: Context, folder: string, name: string): PemPaths {
  const at = (end: string) => join(resolve(context.folder, folder), `${name}.${end}`);
  return { certificate: at('pem'), key: at('key') };
}

export async function replaceAndTell(
  context: Context,
  { paths, pair, json }: { readonly paths: PemPaths; readonly pair: PemPair; readonly json: true | undefined },
): Promise<void> {
  await replacePair(paths, pair);
  await tellPair(context, { paths, pair, next: [], json });
}

/** On standard output: what was made, and what to do with it. */
export async function tellPair(
  context: Context,
  options: {
    readonly paths: PemPaths;
    readonly pair: PemPair;
    readonly next: readonly string[];
    readonly json: true | undefined;
  },
): Promise<void> {
  const { paths, pair, next, json } = options;
  const { stdout } = context;
  const view = toCertificateView(new X509Certificate(pair.certificate), Date.now());
  if (json === true) {
    await printJson(context, { ...paths, ...view });
    return;
  }
  const names = view.names === '' ? '' : ` for ${view.names}`;
  await stdout.line(
    `made ${toShownPath(paths.certificate, context)}${names}, valid until ${view.validTo.slice(0, 10)}`,
  );
  await stdout.line(`made ${toShownPath(paths.key, context)}: nobody else may read it`);
  if (next.length > 0) await stdout.line('Next:');
  for (const line of next) await stdout.line(`  ${line}`);
}
