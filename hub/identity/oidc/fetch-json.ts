import { OidcError } from './oidc-error.ts';

const maxBytes = 256 * 1024;
const maxMs = 5_000;

/** Follows no redirect, reads no more than it has to, and waits no longer than five seconds. Rejects with `OidcError`. */
export async function fetchJson(
  url: URL,
  { fetch, signal }: { readonly fetch: typeof globalThis.fetch; readonly signal: AbortSignal },
): Promise<{ readonly value: unknown; readonly date: string | null }> {
  try {
    const answer = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(maxMs)]),
    });
    const text = await readText(answer);
    if (answer.status !== 200) throw new OidcError('answer-invalid', `${url.href}: expected 200, got ${answer.status}`);
    if (text === null) throw new OidcError('answer-invalid', `${url.href}: expected ${maxBytes} bytes at most`);
    const value = toJson(text);
    if (value === undefined) throw new OidcError('answer-invalid', `${url.href}: ${toOtherWords(answer)}`);
    return { value, date: answer.headers.get('date') };
  } catch (error) {
    if (error instanceof OidcError) throw error;
    throw new OidcError('unreachable', `${url.href}: ${toWords(error)}`, { cause: error });
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toOtherWords({ headers }: Response): string {
  const type = /^[\w.+-]+\/[\w.+-]+/.exec(headers.get('content-type') ?? '')?.[0].slice(0, 80);
  return type === 'text/html'
    ? 'expected JSON, got a page (text/html); look at it in a browser: it may be the sign-in of a proxy or a firewall on the way'
    : `expected JSON, got ${type === undefined ? 'something else' : `something else (${type})`}`;
}

/** Null where there is more than anybody needs; the rest is not read. */
async function readText({ body }: Response): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** `fetch` says that it failed; what is behind it says why. */
function toWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${maxMs / 1000} s`;
  const { cause } = error;
  const causes = cause instanceof AggregateError ? cause.errors : [cause];
  const words = causes.filter((one) => one instanceof Error).map((one) => one.message);
  return words.length === 0 ? error.message : words.join('; ');
}
