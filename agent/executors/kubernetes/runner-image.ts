import type { AgentConfig } from '../../config.ts';
import { namesRunner } from '../../kubernetes/kubernetes-keys.ts';

/** What runs beside the command of a pod. */
export interface RunnerImage {
  /** Of farhand, of a version that has `farhand runner`. */
  readonly image: string;
  /** A shell in that image which needs no library. */
  readonly shell: string;
  /** What the runner is told by its environment: how it reaches the hub. No secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** File of the CAs that it trusts besides those of its image; null for none. Read for each pod. */
  readonly caPath: string | null;
  /** Left out: the cluster's. */
  readonly pullPolicy?: string;
  /** Names of Secrets, beside those of the automation. */
  readonly pullSecrets?: readonly string[];
  /** Name of a Secret with a proxy, a client certificate or CAs for runners, which no other container of the pod sees; null for none. */
  readonly waySecret: string | null;
}

/** Where farhand's own image has its shell. */
const imageShell = '/opt/farhand/bin/sh-static';

type Config = Pick<
  AgentConfig,
  | 'kubernetesRunnerImage'
  | 'kubernetesRunnerPullPolicy'
  | 'kubernetesRunnerPullSecrets'
  | 'kubernetesHubUrls'
  | 'kubernetesRunnerSecret'
  | 'hubUrls'
  | 'insecure'
  | 'graceSeconds'
  | 'logLevel'
  | 'tlsCa'
  | 'tlsServerName'
>;

/**
 * As the configuration says; null where it names no image, or `none`. The agent's own proxy and certificate are not handed on: the one may stand with its
 * password, the other is the agent's.
 */
export function toRunnerImage(config: Config): RunnerImage | null {
  const { kubernetesRunnerImage: image, kubernetesHubUrls, hubUrls, tlsCa, tlsServerName } = config;
  if (!namesRunner(image)) return null;
  const urls = kubernetesHubUrls ?? hubUrls ?? [];
  return {
    image,
    shell: imageShell,
    environment: {
      FARHAND_HUB_URL: urls.map(({ href }) => href).join(','),
      FARHAND_INSECURE: String(config.insecure),
      FARHAND_GRACE_SECONDS: String(config.graceSeconds),
      FARHAND_LOG_LEVEL: config.logLevel,
      ...(tlsServerName === null ? {} : { FARHAND_TLS_SERVER_NAME: tlsServerName }),
    },
    caPath: tlsCa,
    ...(config.kubernetesRunnerPullPolicy === null ? {} : { pullPolicy: config.kubernetesRunnerPullPolicy }),
    pullSecrets: config.kubernetesRunnerPullSecrets ?? [],
    waySecret: config.kubernetesRunnerSecret,
  };
}
