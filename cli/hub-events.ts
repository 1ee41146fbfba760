import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../protocol/parse.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { isPassingFailure } from './passing-failure.ts';

const EventData = z.looseObject({
  at: z.string(),
  actor: z.string(),
  object: z.string(),
  data: z.record(z.string(), z.unknown()).catch({}),
});

/** One of the events that the hub streams (docs/api.md). */
export interface HubEvent extends z.infer<typeof EventData> {
  /** `job.running`, `agent.desired-changed` … */
  readonly action: string;
}

/** One event is small. */
const maxEventLength = 1024 * 1024;
const firstRetryMs = 500;
const maxRetryMs = 10_000;

/**
 * What happens from now on, for as long as it is iterated. When the hub goes away it tries again, and goes on after the event that came
 * last. Rejects with `ApiError` when the hub refuses, or with the signal's reason.
 */
export async function* readHubEvents(
  api: ApiClient,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): AsyncGenerator<HubEvent, never> {
  let last: string | null = null;
  for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, maxRetryMs)) {
    try {
      const response = await api.open({
        path,
        headers: { accept: 'text/event-stream', ...(last === null ? {} : { 'last-event-id': last }) },
        signal,
      });
      retryMs = firstRetryMs;
      for await (const block of readBlocks(response, signal)) {
        if (block.id !== null) last = block.id;
        const event = toEvent(block);
        if (event !== null) yield event;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassingFailure(error)) throw error;
    }
    await delay(retryMs, undefined, { signal });
  }
}

interface Block {
  readonly id: string | null;
  readonly action: string | null;
  readonly data: string;
}

/** Server-sent events as the hub writes them: fields on lines that end with a line feed, a blank line after each event. */
async function* readBlocks(response: Response, signal: AbortSignal): AsyncGenerator<Block, void> {
  let text = '';
  for await (const piece of readText(response, signal)) {
    text += piece;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    if (text.length > maxEventLength)
      throw new ApiError('not-a-hub', 'expected events, got something else without end');
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split('\n')
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2));
      yield { id: field('id')[0] ?? null, action: field('event')[0] ?? null, data: field('data').join('\n') };
    }
  }
}

async function* readText({ body }: Response, signal: AbortSignal): AsyncGenerator<string, void> {
  if (body === null) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        signal.throwIfAborted();
        throw new ApiError('unreachable', 'the events broke off', { cause });
      });
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Null for a comment, and for what a newer hub says in another form. */
function toEvent({ action, data }: Block): HubEvent | null {
  if (action === null) return null;
  try {
    return { ...parseJson(EventData, data, 'event'), action };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
