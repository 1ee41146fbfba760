import { apiResources } from '../../agent/kubernetes/api-resource.ts';
import { startListWatch } from '../../agent/kubernetes/list-watch.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { systemRandom } from '../../runtime/random.ts';
import type { Cluster } from './cluster.ts';

/** Jobs with nothing of farhand in the way: one call makes each, one watch tells of all. */
export interface BareJobs extends AsyncDisposable {
  /** Resolves with its name when a watch tells that it is complete. */
  run(command: readonly string[]): Promise<string>;
  remove(name: string): Promise<void>;
}

interface JobStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
}

const labels = { bench: 'bare' };

export function openBareJobs({ client }: Cluster, image: string): BareJobs {
  const { signal } = new AbortController();
  const collection = { resource: apiResources.jobs, namespace: client.namespace };
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let made = 0;
  const watch = startListWatch({
    client,
    collection,
    selection: { labelSelector: 'bench=bare' },
    select: (object) => (object as JobStatus).status?.conditions ?? [],
    onChange(change) {
      if (change.type === 'deleted') return;
      const waits = waiting.get(change.key.split('/', 2)[1] ?? '');
      if (change.value.some(({ type }) => type === 'Complete')) waits?.resolve();
      if (change.value.some(({ type }) => type === 'Failed'))
        waits?.reject(new Error(`expected ${change.key} to succeed`));
    },
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    loops: createLoopBoard(systemClock),
  });
  return {
    async run(command) {
      made += 1;
      const name = `bare-${made}`;
      const ended = Promise.withResolvers<void>();
      waiting.set(name, ended);
      const containers = [{ name: 'main', image, command }];
      const manifest = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, labels },
        spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers } } },
      };
      await client.create(collection, JSON.parse(JSON.stringify(manifest)), { signal });
      await ended.promise;
      waiting.delete(name);
      return name;
    },
    remove: (name) => client.delete({ ...collection, name }, { signal, uid: null }),
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}
