import { OidcError } from './oidc-error.ts';

const maxBytes = 256 * 1024;
const maxMs = 5_000;

/** Follows no redirect, reads no more than it has to, and waits no longer than five seconds. Rejects with `OidcError`. */
export async function fetchJson(
  url: URL,
  signal: AbortSignal,
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
    return { value: JSON.parse(text), date: answer.headers.get('date') };
  } catch (error) {
    if (error instanceof OidcError) throw error;
    if (error instanceof SyntaxError)
      throw new OidcError('answer-invalid', `${url.href}: expected JSON, got something else`);
    throw new OidcError('unreachable', `${url.href}: ${toWords(error)}`, { cause: error });
  }
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
