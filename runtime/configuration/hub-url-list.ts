import type { ConfigFormat } from './config-key.ts';
import { listOf, url } from './formats.ts';

/** What `FARHAND_HUB_URL` takes: addresses of one hub, the best one first. */
export function hubUrlList(schemes: readonly string[]): ConfigFormat<readonly URL[]> {
  const one = url(schemes);
  const forPeople = schemes.includes('http') ? '' : ' (ws:// for what people open as http://, wss:// for https://)';
  const pattern = `(${schemes.join('|')})://[^/,\\s][^,\\s]*`;
  return {
    ...listOf(one, `${one.expected}${forPeople}; or several of them, each once, separated by commas`),
    schema: { type: 'string', pattern: `^\\s*${pattern}(\\s*,\\s*${pattern})*\\s*$` },
  };
}
