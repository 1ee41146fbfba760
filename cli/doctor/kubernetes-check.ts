import { KubernetesError } from '../../agent/kubernetes/kubernetes-error.ts';
import type { KubernetesConfig } from '../../agent/kubernetes/kubernetes-keys.ts';
import { openKubernetes } from '../../agent/kubernetes/open-kubernetes.ts';
import { checkPermissions } from '../../agent/kubernetes/preflight.ts';
import { systemClock } from '../../runtime/clock.ts';
import { ConfigError } from '../../runtime/configuration/config-error.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { systemRandom } from '../../runtime/random.ts';
import { type Check, type Found, fault, ok } from './check.ts';

/** Older servers leave fields out that a Job of farhand needs, without a word: `podFailurePolicy` (1.26), strict checking of fields (1.25). */
const oldestMinor = 26;

/** Whether the cluster can be reached, is new enough, and lets the agent do what is switched on. */
export function createKubernetesCheck(options: {
  readonly config: KubernetesConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly outlet: Outlet;
}): Check {
  return {
    name: 'kubernetes',
    about: 'machine',
    async look(signal) {
      try {
        await using kubernetes = openKubernetes(options.config, {
          ...options,
          clock: systemClock,
          random: systemRandom,
        });
        if (kubernetes === null) return [];
        const { client, features, server, from } = kubernetes;
        const version = await client.version({ signal });
        const { missing, asked } = await checkPermissions(client, { features, signal });
        return [
          judgeVersion(version, server, from),
          ...missing.map((words) => fault(words, 'The chart grants all of them; docs/guides/kubernetes.md lists them')),
          ...(missing.length === 0
            ? [ok(`all ${asked} permissions are there; Jobs are made in ${client.namespace}`)]
            : []),
        ];
      } catch (error) {
        if (error instanceof ConfigError) {
          return error.mistakes.map((mistake) => fault(mistake, 'Correct what the message names'));
        }
        if (error instanceof KubernetesError) return fault(error.message, toRemedy(error));
        throw error;
      }
    },
  };
}

function judgeVersion(version: string, server: string, from: string): Found {
  const [, minor = ''] = /^v1\.(\d+)/.exec(version) ?? [];
  const message = `Kubernetes ${version} answers at ${server} (${from})`;
  if (minor === '' || Number(minor) >= oldestMinor) return ok(message);
  return fault(`${message}, and it is older than 1.${oldestMinor}`, 'Update the cluster');
}

function toRemedy({ code }: KubernetesError): string {
  switch (code) {
    case 'unauthorized':
    case 'credentials':
      return 'Give the agent credentials that the cluster takes: FARHAND_KUBECONFIG, or the service account of its pod';
    case 'unreachable':
    case 'timeout':
      return 'Mend the way to the API server: its address in the kubeconfig, a proxy, NO_PROXY, a network policy';
    default:
      return 'See what the API server says of it in its log';
  }
}
