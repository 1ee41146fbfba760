import type { Automation } from '../../automations/automation.ts';
import { apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { KubernetesError, type KubernetesErrorCode } from '../../kubernetes/kubernetes-error.ts';
import { JobSettings } from './job-settings.ts';
import { kubernetesKind } from './kubernetes-kind.ts';
import type { RunnerImage } from './runner-image.ts';
import { toSampleManifest } from './sample-manifest.ts';

/**
 * What the API server says to the Job of an automation.
 * - `taken`: it would make it
 * - `refused`: not as it is: until the file, or something in the cluster, is another
 * - `untried`: nothing is known: it could not be asked, or not for this
 */
export type Trial =
  | { readonly type: 'taken' }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'untried'; readonly why: string };

/** A no to the manifest itself. What passes by itself, such as a quota that is used up, is none. */
const refusals: ReadonlySet<KubernetesErrorCode> = new Set([
  'invalid',
  'bad-request',
  'forbidden',
  'not-found',
  'refused',
]);
/** An admission webhook that may not be called for a trial. Source: k8s.io/apiserver, `NewDryRunUnsupportedErr`. */
const cannotTry = /does not support dry ?run/i;
const callMs = 10_000;

export function runsInCluster({ executor }: Automation): boolean {
  return executor.name === kubernetesKind.name;
}

/** Has the server check the Job that a job of the automation would get, strictly and with all admission, and store nothing. Rejects only with the signal's reason. */
export async function tryAutomation(
  automation: Automation,
  options: { readonly client: KubernetesClient; readonly runner: RunnerImage | null; readonly signal: AbortSignal },
): Promise<Trial> {
  const { client, runner, signal } = options;
  const settings = readSettings(automation);
  if (settings === null) return { type: 'untried', why: 'its settings cannot be read' };
  const namespace = settings.namespace ?? client.namespace;
  const { job } = toSampleManifest(settings, { namespace, runner });
  const bound = AbortSignal.any([signal, AbortSignal.timeout(callMs)]);
  try {
    await client.create({ resource: apiResources.jobs, namespace }, job, { signal: bound, dryRun: true });
    return { type: 'taken' };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof KubernetesError)) return { type: 'untried', why: `no answer in ${callMs / 1000} s` };
    if (error.code === 'already-exists') return { type: 'taken' };
    if (!refusals.has(error.code) || cannotTry.test(error.message)) return { type: 'untried', why: error.message };
    const faults = error.causes.map(({ field, message }) => `${field}: ${message}`).join('; ');
    const place = `namespace ${namespace}`;
    return {
      type: 'refused',
      message: `the cluster does not take its Job (${place}): ${faults === '' ? error.message : faults}`,
    };
  }
}

/** They hold no placeholders, so no job is needed to read them. */
function readSettings({ executorPlan }: Automation): JobSettings | null {
  const none = { type: 'refused', cause: 'parameters-invalid', message: '', errors: [] } as const;
  const prepared = executorPlan.prepare({ render: () => none, renderValue: () => none });
  return prepared.type === 'prepared' ? (JobSettings.safeParse(prepared.settings).data ?? null) : null;
}
