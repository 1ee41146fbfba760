import type { Check, Finding, Found } from './check.ts';

/** Longer than any bound within a check: it ends only what hangs without one. */
const checkTimeoutMs = 20_000;

/** Runs all checks at once, each with a deadline of its own. Findings come in the order of the checks. Never rejects. */
export async function runChecks(
  checks: readonly Check[],
  { timeoutMs = checkTimeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map((check) => runCheck(check, timeoutMs)))).flat();
}

async function runCheck(check: Check, timeoutMs: number): Promise<readonly Finding[]> {
  const overdue = new AbortController();
  const late = Promise.withResolvers<Found>();
  const timer = setTimeout(() => {
    overdue.abort();
    late.resolve({
      verdict: 'fault',
      message: `no answer within ${timeoutMs / 1000} s`,
      remedy: 'See what it waits for: a disk, a name server or a network that does not answer; then try again',
    });
  }, timeoutMs);
  const look = async () => check.look(overdue.signal);
  try {
    const found = await Promise.race([look().catch(toFound), late.promise]);
    return [found].flat().map((one) => ({ check: check.name, about: check.about, ...one }));
  } finally {
    clearTimeout(timer);
    overdue.abort();
  }
}

function toFound(error: unknown): Found {
  return {
    verdict: 'fault',
    message: `could not be looked at: ${error instanceof Error ? error.message : String(error)}`,
    remedy: 'Read the message; if it tells you nothing, report it as a fault of farhand doctor',
  };
}
