import { hostname } from 'node:os';
import { parseLabelsText } from '../protocol/labels-text.ts';
import { Name } from '../protocol/names.ts';
import type { ConfigFormat, ConfigOf, ConfigSchema } from '../runtime/configuration/config-key.ts';
import {
  byteCount,
  folder,
  listenAddress,
  oneOf,
  seconds,
  text,
  wholeNumber,
  yesOrNo,
} from '../runtime/configuration/formats.ts';
import { hubUrlList } from '../runtime/configuration/hub-url-list.ts';
import { type ConfigSources, loadConfiguration } from '../runtime/configuration/load-configuration.ts';
import { logKeys } from '../runtime/configuration/log-keys.ts';
import { findOutletMistakes, outletKeys } from '../runtime/network/outlet-keys.ts';
import { findHubUrlMistakes } from './hub-url-mistakes.ts';
import { findKubernetesMistakes, kubernetesKeys } from './kubernetes/kubernetes-keys.ts';
import { admissionKeys } from './pressure/admission-keys.ts';

const name: ConfigFormat<string> = {
  expected: '1 to 63 letters, digits, ".", "_" or "-", starting with a letter or digit',
  placeholder: 'name',
  fromText: (value) => Name.safeParse(value).data,
};

const labels: ConfigFormat<Readonly<Record<string, string>>> = {
  expected: 'labels as key=value, separated by commas, such as site=ams,tier=edge',
  placeholder: 'labels',
  fromText: parseLabelsText,
};

const id: ConfigFormat<string> = {
  expected: "a job's id",
  placeholder: 'id',
  fromText: (value) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? value.toLowerCase() : undefined),
};

/** A word is no file: `STDOUT` or `syslog` would be made as one, and nobody would look there. */
const jobLogPlace: ConfigFormat<string> = {
  expected: 'stdout, or the path of a file with a "/" in it, such as /var/log/farhand/jobs.jsonl',
  placeholder: 'stdout|file',
  fromText: (value) => (value === 'stdout' || (value.includes('/') && !value.endsWith('/')) ? value : undefined),
};

/** Where automations are looked for when nobody says; it may be missing. */
export const usualAutomations = 'automations';

/** Everything that an agent can be told. Help and `docs/config.md` are made of it. */
export const agentConfigSchema = {
  hubUrls: {
    variable: 'FARHAND_HUB_URL',
    doc: 'The hub to dial: wss:// (websockets) or grpcs:// (gRPC), at the same port; ws:// and grpc:// are the same without TLS. Several, separated by commas, are ways to the same hub, the best one first: the next is dialled where one fails, and the better one again when it holds. mqtt:// and mqtts:// are reserved and not there yet.',
    format: hubUrlList(['ws', 'wss', 'grpc', 'grpcs', 'mqtt', 'mqtts']),
    default: null,
    sensitive: false,
  },
  joinToken: {
    variable: 'FARHAND_JOIN_TOKEN',
    doc: 'Lets the agent join (`farhand token create --join`). Needed once; afterwards the key in the data folder is its identity.',
    format: text,
    default: null,
    sensitive: true,
  },
  name: {
    variable: 'FARHAND_NAME',
    doc: 'What the agent is called. Unique among the agents of an account.',
    format: name,
    default: toHostName(hostname()),
    defaultDoc: 'the host name',
    sensitive: false,
  },
  labels: {
    variable: 'FARHAND_LABELS',
    doc: 'What jobs can select it by, such as site=ams,tier=edge. The join token may say which of them are allowed.',
    format: labels,
    default: '',
    sensitive: false,
  },
  data: {
    variable: 'FARHAND_DATA',
    doc: "Folder for the agent's key and for jobs that run. Keep it: what is lost with it is lost. One agent at a time.",
    format: folder,
    default: '.farhand/agent',
    sensitive: false,
  },
  automations: {
    variable: 'FARHAND_AUTOMATIONS',
    doc: 'Folder with one YAML file for each automation. Watched: a change counts within seconds, on SIGHUP at once.',
    format: folder,
    default: null,
    defaultDoc: 'automations, where there is such a folder',
    sensitive: false,
  },
  probes: {
    variable: 'FARHAND_PROBES',
    doc: 'Which probes run beside those of the automations folder. shipped: host and listening, which come with farhand. none: no others.',
    format: oneOf('shipped', 'none'),
    default: 'shipped',
    sensitive: false,
  },
  slots: {
    variable: 'FARHAND_SLOTS',
    doc: 'How many jobs may run at the same time.',
    format: wholeNumber({ from: 0, to: 10_000 }),
    default: '8',
    sensitive: false,
  },
  statusListen: {
    variable: 'FARHAND_STATUS_LISTEN',
    doc: 'Where to serve /livez, /readyz, /status and /metrics, to whoever reaches it. Not served unless set.',
    format: listenAddress,
    default: null,
    sensitive: false,
  },
  sessionListen: {
    variable: 'FARHAND_SESSION_LISTEN',
    doc: 'Where workers may open sessions. Reserved: not there yet.',
    format: listenAddress,
    default: null,
    sensitive: false,
  },
  drainSeconds: {
    variable: 'FARHAND_DRAIN_SECONDS',
    doc: 'After SIGTERM: how long running jobs may take to end before the agent leaves.',
    format: seconds({ from: 0, to: 86_400 }),
    default: '20',
    sensitive: false,
  },
  drainThen: {
    variable: 'FARHAND_DRAIN_THEN',
    doc: 'What happens to jobs that still run then. leave: they run on, and the next agent on this data folder adopts them. cancel: those that would end with the machine, or the container, are stopped; those that run elsewhere, such as pods, are left, without waiting for them before. cancel-all: all of them are stopped, where no agent will have this data folder.',
    format: oneOf('leave', 'cancel', 'cancel-all'),
    default: 'leave',
    sensitive: false,
  },
  graceSeconds: {
    variable: 'FARHAND_GRACE_SECONDS',
    doc: 'Between TERM and KILL when a job is stopped.',
    format: seconds({ from: 0, to: 3600 }),
    default: '10',
    sensitive: false,
  },
  spoolBytes: {
    variable: 'FARHAND_SPOOL_BYTES',
    doc: 'How much disk the logs of all jobs here may take until the hub has them. Over it the agent takes no more jobs.',
    format: byteCount,
    default: null,
    defaultDoc: 'what the disk has',
    sensitive: false,
  },
  jobNice: {
    variable: 'FARHAND_JOB_NICE',
    doc: 'How much nicer jobs are than the agent (nice(1)): so much it goes before them where there is not processor enough for all. 0: they are equals.',
    format: wholeNumber({ from: 0, to: 39 }),
    default: '10',
    sensitive: false,
  },
  jobOomScore: {
    variable: 'FARHAND_JOB_OOM_SCORE',
    doc: 'By how much the oom_score_adj of jobs is above that of the agent: where memory is gone, the kernel ends a job and not the agent. 0: they are equals.',
    format: wholeNumber({ from: 0, to: 2000 }),
    default: '500',
    sensitive: false,
  },
  ...admissionKeys,
  jobId: {
    variable: 'FARHAND_JOB_ID',
    doc: 'With --once: take this job and no other.',
    format: id,
    default: null,
    sensitive: false,
  },
  idleSeconds: {
    variable: 'FARHAND_IDLE_SECONDS',
    doc: 'With --once: wait no longer than this for a job.',
    format: seconds({ from: 0, to: 31_536_000 }),
    default: null,
    sensitive: false,
  },
  insecure: {
    variable: 'FARHAND_INSECURE',
    doc: 'Allow a hub URL without TLS beyond this machine. Right only on a network where nobody listens.',
    format: yesOrNo,
    default: 'false',
    sensitive: false,
  },
  ...outletKeys,
  ...kubernetesKeys,
  jobLog: {
    variable: 'FARHAND_JOB_LOG',
    doc: 'Where to write what jobs print besides sending it to the hub, as lines of JSON: stdout, or a file, which grows until somebody rotates it. Masked as in the hub. Not written unless set.',
    format: jobLogPlace,
    default: null,
    sensitive: false,
  },
  ...logKeys,
} as const satisfies ConfigSchema;

export type AgentConfig = ConfigOf<typeof agentConfigSchema>;

/** Throws `ConfigError` with every mistake at once. */
export function loadAgentConfig(sources: ConfigSources): AgentConfig {
  return loadConfiguration(agentConfigSchema, sources, findBrokenRules);
}

function findBrokenRules(config: AgentConfig): readonly string[] {
  const { hubUrls, sessionListen, insecure } = config;
  const broken: string[] = [...findOutletMistakes(config), ...findKubernetesMistakes(config)];
  if (sessionListen !== null) {
    broken.push('FARHAND_SESSION_LISTEN: expected it not to be set: listening for workers is not there yet');
  }
  if (hubUrls === null) {
    broken.push(
      'FARHAND_HUB_URL: expected the URL of the hub, such as wss://hub.example.org or ws://127.0.0.1:7400; got nothing',
    );
  }
  return [...broken, ...(hubUrls ?? []).flatMap((url) => findHubUrlMistakes(url, { insecure }))];
}

/** Host names hold nothing that a name may not, in practice; a stray character becomes "-". */
function toHostName(host: string): string {
  const allowed = host
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63);
  return allowed === '' ? 'agent' : allowed;
}
