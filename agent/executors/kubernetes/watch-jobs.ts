import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { sleep } from '../../../runtime/sleep.ts';
import { type ApiResource, apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import type { JobBoard } from './job-board.ts';
import { toAgentSelector } from './job-marks.ts';

const retryMs = 1000;

/** Tells the board of all Jobs of the agent in a namespace and of their pods, until `signal` aborts. Never rejects. */
export async function watchJobs(options: {
  readonly client: KubernetesClient;
  readonly board: JobBoard;
  readonly namespace: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { board } = options;
  await Promise.all([
    watchAll(options, apiResources.jobs, {
      replace: (objects) => board.replaceJobs(objects),
      set: (object) => board.setJob(object),
      remove: ({ metadata }) => board.removeJob(metadata.name),
    }),
    watchAll(options, apiResources.pods, {
      replace: (objects) => board.replacePods(objects),
      set: (object) => board.setPod(object),
      remove: (object) => board.removePod(object),
    }),
  ]);
}

interface Sink {
  replace(objects: readonly unknown[]): void;
  set(object: unknown): void;
  remove(object: { readonly metadata: { readonly name: string } }): void;
}

async function watchAll(
  { client, namespace, agent, clock, logger, signal }: Parameters<typeof watchJobs>[0],
  resource: ApiResource,
  sink: Sink,
): Promise<void> {
  const labelSelector = toAgentSelector(agent);
  let version: string | null = null;
  while (!signal.aborted) {
    try {
      if (version === null) {
        const list = await client.list({ resource, namespace }, { signal, labelSelector });
        sink.replace(list.items);
        version = list.resourceVersion;
      }
      await using stream = await client.watch(
        { resource, namespace },
        { signal, labelSelector, resourceVersion: version },
      );
      for await (const event of stream) {
        if (event.type === 'bookmark') version = event.resourceVersion;
        else if (event.type === 'error') throw event.error;
        else if (event.type === 'unreadable') version = null;
        else if (event.type === 'deleted') sink.remove(event.object);
        else sink.set(event.object);
        if ('object' in event) version = event.object.metadata.resourceVersion;
        if (version === null) break;
      }
    } catch (err) {
      if (signal.aborted) return;
      if (err instanceof KubernetesError && err.code === 'gone') version = null;
      else {
        logger.warn({ err, namespace, resource: resource.plural }, 'cluster cannot be watched');
        await sleep(clock, retryMs, signal);
      }
    }
  }
}
