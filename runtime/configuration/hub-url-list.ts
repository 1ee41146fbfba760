import type { ConfigFormat } from './config-key.ts';
import { listOf, url } from './formats.ts';

/** What `FARHAND_HUB_URL` takes: addresses of one hub, the best one first. */
export function hubUrlList(schemes: readonly string[]): ConfigFormat<readonly URL[]> {
  const one = url(schemes);
  return listOf(one, `${one.expected}; or several of them, each once, separated by commas`);
}
