import type { IncomingMessage } from 'node:http';
import type { ApiCalls } from './api-calls.ts';
import { apiResources, toCallWords } from './api-resource.ts';
import { KubernetesError } from './kubernetes-error.ts';
import type { LogAnswer, LogPlace, LogStream } from './log-answer.ts';

/** A node that is slow may take its time before a log begins. */
const headWithinMs = 60_000;

/** What a kubelet says of a container that has no log yet: only its words tell that from a wrong name (`pkg/kubelet/kubelet_pods.go`). */
const waitingWords = / is waiting to start| is not available|PodInitializing|ContainerCreating|no logs yet/;

export async function openLog(
  { pod, namespace, ...log }: LogPlace,
  options: {
    readonly calls: ApiCalls;
    readonly toStream: (answer: IncomingMessage, chunks: AsyncIterable<Uint8Array>) => LogStream;
    readonly signal: AbortSignal;
  },
): Promise<LogAnswer> {
  const { calls, toStream, signal } = options;
  const place = { resource: apiResources.pods, namespace, name: pod };
  const query = {
    container: log.container,
    follow: log.follow ? 'true' : undefined,
    timestamps: log.timestamps ? 'true' : undefined,
    sinceTime: log.sinceTime ?? undefined,
    limitBytes: log.limitBytes === null ? undefined : String(log.limitBytes),
  };
  try {
    const answer = await calls.send({ verb: 'get', place, subresource: 'log', query, headWithinMs, signal });
    if (answer.statusCode === 204) {
      answer.resume();
      return { type: 'not-yet', message: 'the pod is not on a node yet' };
    }
    return { type: 'stream', stream: toStream(answer, read(answer, toCallWords('get', place, 'log'), signal)) };
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 400 && waitingWords.test(error.message)) {
      return { type: 'not-yet', message: error.message };
    }
    throw error;
  }
}

async function* read(answer: IncomingMessage, call: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (error) {
    signal.throwIfAborted();
    throw new KubernetesError('unreachable', `${call}: the connection broke`, { cause: error });
  }
}
