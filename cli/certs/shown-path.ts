import { relative } from 'node:path';
import type { Context } from '../context.ts';

/** As it is written from where the command was started, unless it is elsewhere. */
export function toShownPath(path: string, { folder }: Pick<Context, 'folder'>): string {
  const short = relative(folder, path);
  return short.startsWith('..') ? path : short;
}
