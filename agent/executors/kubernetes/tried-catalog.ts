import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { LoopBoard } from '../../../runtime/loop-board.ts';
import { createBell } from '../../attempts/bell.ts';
import type { Automation } from '../../automations/automation.ts';
import type { Catalog, CatalogSnapshot } from '../../automations/catalog.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { RunnerImage } from './runner-image.ts';
import { runsInCluster, type Trial, tryAutomation } from './try-automation.ts';

/** Somebody may change a policy of the cluster at any time. */
const againMs = 10 * 60_000;
const retryMs = 60_000;

/**
 * The catalog without what the cluster does not take: each automation that runs there is tried on the API server when it is new, again every ten minutes, and
 * every minute while one is refused or could not be tried. One that is refused is a mistake with the server's words, and is offered again when it is taken.
 * What was not tried yet, or cannot be, is offered: nothing is concluded from silence, and a trial that comes to nothing leaves what the last one said.
 */
export function createTriedCatalog(
  catalog: Catalog,
  options: {
    readonly client: KubernetesClient;
    readonly runner: RunnerImage | null;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly loops: LoopBoard;
  },
): Catalog & AsyncDisposable {
  const { client, runner, clock, logger, loops } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const bell = createBell();
  const listeners = new Set<(snapshot: CatalogSnapshot) => void>();
  /** By digest: what the server said last. */
  const said = new Map<string, Exclude<Trial, { type: 'untried' }>>();
  let current = toSnapshot();

  function toSnapshot(): CatalogSnapshot {
    const { automations, mistakes } = catalog.current;
    const refused = [...automations.values()].flatMap((automation) => {
      const trial = said.get(automation.digest);
      return trial?.type === 'refused' ? [{ automation, message: trial.message }] : [];
    });
    if (refused.length === 0) return catalog.current;
    const out = new Set(refused.map(({ automation }) => automation.name));
    return {
      automations: new Map([...automations].filter(([name]) => !out.has(name))),
      mistakes: [
        ...mistakes,
        ...refused.map(({ automation, message }) => ({ file: automation.file, line: null, column: null, message })),
      ],
    };
  }

  function changed(): void {
    current = toSnapshot();
    for (const listener of listeners) listener(current);
  }

  async function take(automation: Automation): Promise<Trial['type']> {
    const trial = await tryAutomation(automation, { client, runner, signal });
    if (trial.type === 'untried') {
      logger.debug({ automation: automation.name, why: trial.why }, 'automation cannot be tried in the cluster');
      return trial.type;
    }
    const before = said.get(automation.digest);
    said.set(automation.digest, trial);
    const [was, is] = [before, trial].map((one) => (one?.type === 'refused' ? one.message : null));
    if (was === is) return trial.type;
    if (trial.type === 'refused')
      logger.warn({ automation: automation.name, why: trial.message }, 'automation refused by the cluster');
    else logger.info({ automation: automation.name }, 'automation taken by the cluster again');
    changed();
    return trial.type;
  }

  async function run(): Promise<void> {
    using loop = loops.open('trials of automations');
    while (!signal.aborted) {
      const digests = new Set([...catalog.current.automations.values()].map(({ digest }) => digest));
      for (const digest of said.keys()) if (!digests.has(digest)) said.delete(digest);
      const subjects = [...catalog.current.automations.values()].filter(runsInCluster);
      loop.does('tries automations in the cluster');
      let isSettled = true;
      try {
        for (const automation of subjects) isSettled = (await take(automation)) === 'taken' && isSettled;
        loop.turned();
      } catch (error) {
        if (signal.aborted) return;
        isSettled = false;
        loop.failed(error);
      }
      const nextInMs = isSettled ? againMs : retryMs;
      loop.does('waits for another catalog, or its time', { nextInMs });
      const timer = clock.schedule(nextInMs, () => bell.ring(), { background: true });
      await bell.wait(signal);
      timer.cancel();
    }
  }

  const stopListening = catalog.onChange(() => {
    changed();
    bell.ring();
  });
  const running = run();
  return {
    kinds: catalog.kinds,
    get current() {
      return current;
    },
    get holdsMistakes() {
      return catalog.holdsMistakes;
    },
    async reload(how) {
      await catalog.reload(how);
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      stopListening();
      stop.abort();
      await running;
    },
  };
}
