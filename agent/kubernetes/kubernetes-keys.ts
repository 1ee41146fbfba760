import { Name } from '../../protocol/names.ts';
import type { ConfigFormat, ConfigOf, ConfigSchema } from '../../runtime/configuration/config-key.ts';
import { decimalNumber, file, listOf, oneOf, text, wholeNumber, yesOrNo } from '../../runtime/configuration/formats.ts';
import { hubUrlList } from '../../runtime/configuration/hub-url-list.ts';
import type { OutletConfig } from '../../runtime/network/outlet-keys.ts';

const namespace: ConfigFormat<string> = {
  expected: 'the name of a namespace: up to 63 small letters, digits and "-"',
  placeholder: 'name',
  fromText: (value) => (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value) ? value : undefined),
};

const cluster: ConfigFormat<string> = {
  expected: '1 to 63 letters, digits, ".", "_" or "-", starting with a letter or digit',
  placeholder: 'name',
  fromText: (value) => Name.safeParse(value).data,
};

const secretName: ConfigFormat<string> = {
  expected: 'the name of a Secret: up to 253 small letters, digits, "-" and "."',
  placeholder: 'name',
  fromText: (value) => (/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(value) ? value : undefined),
};

/** What an agent is told of its cluster. */
export const kubernetesKeys = {
  kubernetes: {
    variable: 'FARHAND_KUBERNETES',
    doc: 'Which Kubernetes the agent uses. in-cluster: that of the pod it is in, by the service account; kubeconfig: one that FARHAND_KUBECONFIG names.',
    format: oneOf('off', 'in-cluster', 'kubeconfig'),
    default: 'off',
    sensitive: false,
  },
  kubeconfig: {
    variable: 'FARHAND_KUBECONFIG',
    doc: 'The kubeconfig, with FARHAND_KUBERNETES=kubeconfig. Read once; files that it names are read again when they change.',
    format: file,
    default: null,
    defaultDoc: '~/.kube/config',
    sensitive: false,
  },
  kubernetesContext: {
    variable: 'FARHAND_KUBERNETES_CONTEXT',
    doc: 'Which context of the kubeconfig.',
    format: text,
    default: null,
    defaultDoc: 'its current-context',
    sensitive: false,
  },
  kubernetesNamespace: {
    variable: 'FARHAND_KUBERNETES_NAMESPACE',
    doc: 'Where Jobs are made.',
    format: namespace,
    default: null,
    defaultDoc: "that of the agent's pod, or of the context",
    sensitive: false,
  },
  kubernetesCluster: {
    variable: 'FARHAND_KUBERNETES_CLUSTER',
    doc: 'What the cluster is called in the inventory.',
    format: cluster,
    default: null,
    defaultDoc: "the kubeconfig's name for it; kubernetes in a pod",
    sensitive: false,
  },
  kubernetesQps: {
    variable: 'FARHAND_KUBERNETES_QPS',
    doc: 'How many calls of the Kubernetes API the agent makes a second, at most.',
    format: decimalNumber({ from: 0.1, to: 10_000 }),
    default: '20',
    sensitive: false,
  },
  kubernetesBurst: {
    variable: 'FARHAND_KUBERNETES_BURST',
    doc: 'How many of them at once, after a while without any.',
    format: wholeNumber({ from: 1, to: 10_000 }),
    default: '40',
    sensitive: false,
  },
  kubernetesRunnerImage: {
    variable: 'FARHAND_KUBERNETES_RUNNER_IMAGE',
    doc: 'Image of farhand that runs beside a job in its pod, so that its log is complete and checked. Without one, or with none, the log is what the kubelet has.',
    format: text,
    default: null,
    sensitive: false,
  },
  kubernetesRunnerPullPolicy: {
    variable: 'FARHAND_KUBERNETES_RUNNER_PULL_POLICY',
    doc: 'When nodes pull that image.',
    format: oneOf('Always', 'IfNotPresent', 'Never'),
    default: null,
    defaultDoc: "the cluster's: Always for the tag latest, IfNotPresent for others",
    sensitive: false,
  },
  kubernetesRunnerPullSecrets: {
    variable: 'FARHAND_KUBERNETES_RUNNER_PULL_SECRETS',
    doc: 'Secrets to pull that image with, in the namespace where Jobs are made.',
    format: listOf(secretName, 'names of Secrets, separated by commas'),
    default: null,
    sensitive: false,
  },
  kubernetesHubUrls: {
    variable: 'FARHAND_KUBERNETES_HUB_URL',
    doc: 'The hub as pods reach it, like FARHAND_HUB_URL.',
    format: hubUrlList(['ws', 'wss', 'grpc', 'grpcs']),
    default: null,
    defaultDoc: 'FARHAND_HUB_URL',
    sensitive: false,
  },
  kubernetesRunnerSecret: {
    variable: 'FARHAND_KUBERNETES_RUNNER_SECRET',
    doc: 'Name of a Secret with what runners need on their way to the hub: proxy (the URL of one), tls.crt and tls.key (a certificate to show), ca.crt (CAs to trust), each of which may be missing. It has to be in each namespace with jobs; the agent does not read it.',
    format: text,
    default: null,
    sensitive: false,
  },
  kubernetesInventory: {
    variable: 'FARHAND_KUBERNETES_INVENTORY',
    doc: 'Report the nodes of the cluster, and its Deployments, StatefulSets and DaemonSets, to the hub.',
    format: yesOrNo,
    default: 'false',
    sensitive: false,
  },
} as const satisfies ConfigSchema;

export type KubernetesConfig = ConfigOf<typeof kubernetesKeys>;

/** Whether jobs get a runner: an image is named, and not `none`. */
export function namesRunner(image: string | null): image is string {
  return image !== null && image !== 'none';
}

type Ways = Pick<OutletConfig, 'proxy' | 'tlsCert'>;

/** The rules over several of them, and over the agent's own way out: a line for each mistake. */
export function findKubernetesMistakes(config: KubernetesConfig & Ways): readonly string[] {
  const { kubernetes, kubernetesInventory } = config;
  const inventory = kubernetes === 'off' && kubernetesInventory;
  return [
    ...(inventory
      ? ['FARHAND_KUBERNETES_INVENTORY: expected FARHAND_KUBERNETES=in-cluster or kubeconfig beside it, got off']
      : []),
    ...findWayMistakes(config),
  ];
}

/** Runners that take the agent's way to the hub need what the agent needs there, and are not given what is the agent's own. */
function findWayMistakes(config: KubernetesConfig & Ways): readonly string[] {
  const { kubernetesRunnerImage, kubernetesRunnerSecret, kubernetesHubUrls, proxy, tlsCert } = config;
  if (!namesRunner(kubernetesRunnerImage) || kubernetesRunnerSecret !== null || kubernetesHubUrls !== null) return [];
  const needed = [
    ...(proxy?.type === 'proxy' ? ['the proxy of FARHAND_PROXY'] : []),
    ...(tlsCert === null ? [] : ['a certificate, as FARHAND_TLS_CERT is one']),
  ];
  return needed.length === 0
    ? []
    : [
        `FARHAND_KUBERNETES_RUNNER_SECRET: expected the name of a Secret that brings runners ${needed.join(' and ')}, or FARHAND_KUBERNETES_HUB_URL with a hub that pods reach without, got neither`,
      ];
}
