import type { Automation } from '../agent/automations/automation.ts';
import type { CatalogMistake } from '../agent/automations/catalog-mistake.ts';
import { runsInCluster, tryAutomation } from '../agent/executors/kubernetes/try-automation.ts';
import { findKubernetesMistakes, kubernetesKeys } from '../agent/kubernetes/kubernetes-keys.ts';
import { openKubernetes } from '../agent/kubernetes/open-kubernetes.ts';
import { systemClock } from '../runtime/clock.ts';
import { loadConfiguration } from '../runtime/configuration/load-configuration.ts';
import { silentLogger } from '../runtime/logger.ts';
import { openConfiguredOutlet, outletKeys } from '../runtime/network/outlet-keys.ts';
import { systemRandom } from '../runtime/random.ts';

export interface ClusterTrials {
  /** What the cluster does not take, in its own words. */
  readonly mistakes: readonly CatalogMistake[];
  /** A sentence about those of which nothing is known; null where all were tried. */
  readonly untried: string | null;
}

/** Has the cluster that the environment names check the Jobs of automations, and store nothing. Rejects with `ConfigError`; a cluster that cannot be reached is told. */
export async function tryInCluster(
  automations: readonly Automation[],
  {
    environment,
    signal,
  }: { readonly environment: Readonly<Record<string, string | undefined>>; readonly signal: AbortSignal },
): Promise<ClusterTrials> {
  const subjects = automations.filter(runsInCluster);
  if (subjects.length === 0) return { mistakes: [], untried: null };
  const config = loadConfiguration({ ...kubernetesKeys, ...outletKeys }, { environment, flags: {} }, (given) =>
    findKubernetesMistakes(given),
  );
  const outlet = openConfiguredOutlet(config, { environment, logger: silentLogger });
  await using kubernetes = openKubernetes(config, { environment, outlet, clock: systemClock, random: systemRandom });
  if (kubernetes === null) {
    return { mistakes: [], untried: `${toNames(subjects)}: not tried in a cluster, FARHAND_KUBERNETES is off` };
  }
  const { client } = kubernetes;
  // A cluster that does not answer is waited for once, not for each.
  const trials = await Promise.all(
    subjects.map(async (automation) => ({
      automation,
      trial: await tryAutomation(automation, { client, runner: null, signal }),
    })),
  );
  const left = trials.flatMap(({ automation, trial }) =>
    trial.type === 'untried' ? [{ automation, why: trial.why }] : [],
  );
  const why = [...new Set(left.map((one) => one.why))].join('; ');
  return {
    mistakes: trials.flatMap(({ automation: { file }, trial }) =>
      trial.type === 'refused' ? [{ file, line: null, column: null, message: trial.message }] : [],
    ),
    untried:
      left.length === 0 ? null : `${toNames(left.map((one) => one.automation))}: not tried in the cluster: ${why}`,
  };
}

function toNames(automations: readonly Automation[]): string {
  return automations.map(({ name }) => name).join(', ');
}
