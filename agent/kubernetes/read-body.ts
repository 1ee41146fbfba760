import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';
import { KubernetesError } from './kubernetes-error.ts';

/** A page of 500 objects of the largest kind that etcd takes is below it by far. */
const maxBytes = 256 * 1024 * 1024;
const withinMs = 120_000;

/** The whole text of an answer that is no stream. Rejects with `KubernetesError` or the signal's reason. */
export async function readBody(
  answer: IncomingMessage,
  { call, clock, signal }: { readonly call: string; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  const late = new KubernetesError('timeout', `${call}: the answer was not there after ${withinMs / 1000} s`);
  const timer = clock.schedule(withinMs, () => answer.destroy(late));
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of answer) {
      bytes += (part as Uint8Array).length;
      if (bytes > maxBytes) throw new KubernetesError('malformed', `${call}: an answer of more than ${maxBytes} bytes`);
      parts.push(part as Uint8Array);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KubernetesError) throw error;
    throw new KubernetesError('unreachable', `${call}: the connection broke within the answer`, { cause: error });
  } finally {
    timer.cancel();
  }
  return Buffer.concat(parts).toString('utf8');
}
