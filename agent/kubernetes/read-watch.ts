import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { KubernetesError } from './kubernetes-error.ts';
import { KubernetesObject } from './kubernetes-object.ts';
import { readLines } from './line-reader.ts';
import { toKubernetesError } from './to-kubernetes-error.ts';
import type { WatchEvent } from './watch-stream.ts';

/** Objects are at most 1.5 MiB in etcd; what a server adds is little. */
const maxLineBytes = 16 * 1024 * 1024;

const Line = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: KubernetesObject }),
  z.object({
    type: z.literal('BOOKMARK'),
    object: z.object({ metadata: z.object({ resourceVersion: z.string().min(1) }) }),
  }),
  z.object({ type: z.literal('ERROR'), object: z.looseObject({ code: z.number().catch(500) }) }),
]);

const types = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

/** The events in the body of a watch. */
export async function* readWatch(
  answer: IncomingMessage,
  { call, signal }: { readonly call: string; readonly signal: AbortSignal },
): AsyncGenerator<WatchEvent> {
  try {
    for await (const line of readLines(answer, { maxBytes: maxLineBytes })) {
      if (line !== '') yield toEvent(line, call);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new KubernetesError('unreachable', `${call}: the connection broke`, { cause: error });
  }
}

function toEvent(text: string, call: string): WatchEvent {
  const line = read(text);
  if (line === null) {
    return { type: 'unreadable', message: `${call}: expected an event of a watch, got ${text.slice(0, 100)}` };
  }
  switch (line.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: types[line.type], object: line.object };
    case 'BOOKMARK':
      return { type: 'bookmark', resourceVersion: line.object.metadata.resourceVersion };
    case 'ERROR': {
      const error = toKubernetesError({
        call,
        status: line.object.code,
        retryAfter: null,
        body: JSON.stringify(line.object),
      });
      return { type: 'error', error };
    }
  }
}

function read(text: string): z.infer<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
