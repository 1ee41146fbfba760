import { EnrolmentAnswer, type EnrolmentRequest } from '../protocol/enrolment.ts';
import type { Labels } from '../protocol/labels.ts';
import { parseJson } from '../protocol/parse.ts';
import { Problem } from '../protocol/problem.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';
import { AgentError } from './agent-error.ts';
import type { AgentKey } from './agent-key.ts';
import { createBackoff } from './backoff.ts';
import { maxHintMs } from './max-hint.ts';

export interface EnrolmentOptions {
  /** `http://` or `https://` addresses of the hub, with the path that it is served under. The best one first. */
  readonly hubUrls: readonly string[];
  readonly joinToken: string;
  readonly name: string;
  readonly labels: Labels;
  readonly key: AgentKey;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const firstRetryMs = 200;
const maxRetryMs = 30_000;
const answerMs = 15_000;

type Attempted = EnrolmentAnswer | { readonly retryAfterMs: number; readonly why: string };

/** What is signed to prove that the key is ours: a token that was read on the way enrols no other key. */
function enrolmentProofText(publicKey: string, name: string): string {
  return `farhand-enrol-v1\n${publicKey}\n${name}`;
}

function retryAfterMsOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, maxHintMs) : 0;
}

function explain(text: string): string {
  try {
    return parseJson(Problem, text, 'problem').detail;
  } catch {
    return text.slice(0, 200);
  }
}

/** Of `fetch` only the cause says why. */
function toWhy(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

async function tryOnce(hubUrl: string, options: EnrolmentOptions): Promise<Attempted> {
  const { key, name, labels } = options;
  const body: EnrolmentRequest = { name, labels, publicKey: key.publicKey };
  const response = await options.fetch(`${hubUrl.replace(/\/+$/, '')}/v1/enrol`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.joinToken}`,
      'content-type': 'application/json',
      'farhand-proof': key.sign(enrolmentProofText(key.publicKey, name)).toString('base64'),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(answerMs)]),
  });
  const text = await response.text();
  if (response.ok) return parseJson(EnrolmentAnswer, text, 'enrolment answer');
  if (response.status === 429 || response.status >= 500) {
    return { retryAfterMs: retryAfterMsOf(response), why: explain(text) };
  }
  const isOfToken = response.status === 401;
  const keys = isOfToken ? 'FARHAND_JOIN_TOKEN' : 'FARHAND_NAME, FARHAND_LABELS and FARHAND_TLS_CERT';
  throw new AgentError(
    isOfToken ? 'join-token-refused' : 'enrolment-refused',
    `the hub refused to enrol this agent (${response.status}): ${explain(text)}. Check ${keys}`,
  );
}

/**
 * Makes the hub know the key. Tries one address after the other until the hub answers, which may be the second answer to the same request: the hub knows
 * the key again. Rejects with `AgentError` (`join-token-refused`, `enrolment-refused`) when the hub refused at one and none took it, or with the signal's reason.
 */
export async function enrol(options: EnrolmentOptions): Promise<EnrolmentAnswer> {
  const { hubUrls, logger, signal } = options;
  const backoff = createBackoff({ random: options.random, firstMs: firstRetryMs, maxMs: maxRetryMs });
  for (;;) {
    const waits: number[] = [];
    let refused: AgentError | null = null;
    for (const url of hubUrls) {
      try {
        const answer = await tryOnce(url, options);
        if ('id' in answer) return answer;
        logger.warn({ url, why: answer.why }, 'hub cannot enrol now');
        waits.push(answer.retryAfterMs);
      } catch (err) {
        signal.throwIfAborted();
        if (err instanceof AgentError) refused ??= err;
        else logger.warn({ url, why: toWhy(err) }, 'hub does not answer, enrolment is tried again');
        waits.push(0);
      }
    }
    if (refused !== null) throw refused;
    await sleep(options.clock, Math.max(backoff.next(), Math.min(...waits)), signal);
    signal.throwIfAborted();
  }
}
