import type { ConfigOf, ConfigSchema } from '../../runtime/configuration/config-key.ts';
import { file, folder, seconds } from '../../runtime/configuration/formats.ts';
import { type ConfigSources, loadConfiguration } from '../../runtime/configuration/load-configuration.ts';
import { logKeys } from '../../runtime/configuration/log-keys.ts';
import { findOutletMistakes, outletKeys } from '../../runtime/network/outlet-keys.ts';
import { agentConfigSchema } from '../config.ts';
import { findHubUrlMistakes } from '../hub-url-mistakes.ts';
import { readWay } from './runner-way.ts';

const { hubUrls, insecure, graceSeconds } = agentConfigSchema;

/** What both the runner and what makes its pod ready must know. */
export const podConfigSchema = {
  shared: {
    variable: 'FARHAND_RUNNER_SHARED',
    doc: 'The folder that it shares with the container beside it, on a disk: the spool is there.',
    format: folder,
    default: '/farhand/shared',
    sensitive: false,
  },
  memory: {
    variable: 'FARHAND_RUNNER_MEMORY',
    doc: 'The same in memory: what holds secrets of the job is there.',
    format: folder,
    default: '/farhand/memory',
    sensitive: false,
  },
} as const satisfies ConfigSchema;

/** What `farhand runner` reads. */
export const runnerConfigSchema = {
  hubUrls,
  insecure,
  ...outletKeys,
  orderFolder: {
    variable: 'FARHAND_RUNNER_ORDER',
    doc: 'The folder that the agent filled: order.json, automation.yaml, and the ticket, which is read again for each session.',
    format: folder,
    default: '/farhand/order',
    sensitive: false,
  },
  wayFolder: {
    variable: 'FARHAND_RUNNER_WAY',
    doc: 'A folder with what the way to the hub needs, of which each file may be missing: proxy (the URL of one), tls.crt and tls.key (a certificate to show), ca.crt (CAs to trust).',
    format: folder,
    default: '/farhand/way',
    sensitive: false,
  },
  ...podConfigSchema,
  words: {
    variable: 'FARHAND_RUNNER_WORDS',
    doc: 'The file that the platform shows as the last words of this container: where the platform ended the command, how much of its log the hub has is written into it.',
    format: file,
    default: '/dev/termination-log',
    sensitive: false,
  },
  stopSeconds: {
    variable: 'FARHAND_RUNNER_STOP_SECONDS',
    doc: 'After SIGTERM: how long the result may take to reach the hub before the runner leaves.',
    format: seconds({ from: 0, to: 86_400 }),
    default: '20',
    sensitive: false,
  },
  comeSeconds: {
    variable: 'FARHAND_RUNNER_COME_SECONDS',
    doc: 'How long the hub may take to let the runner in before it gives up. What it gave up has not begun, and never will.',
    format: seconds({ from: 1, to: 31_536_000 }),
    default: '900',
    sensitive: false,
  },
  holdSeconds: {
    variable: 'FARHAND_RUNNER_HOLD_SECONDS',
    doc: 'How long the pod is kept when its command has ended and the hub does not take the result. Then it goes, with what the hub lacks of log and outputs.',
    format: seconds({ from: 0, to: 86_400 }),
    default: '86400',
    sensitive: false,
  },
  graceSeconds,
  ...logKeys,
} as const satisfies ConfigSchema;

export type RunnerConfig = ConfigOf<typeof runnerConfigSchema>;

/** With what the folder of the way says, which flags beat, and variables do not. Throws `ConfigError` with every mistake at once. */
export function loadRunnerConfig({ environment, flags }: ConfigSources): RunnerConfig {
  const { wayFolder } = loadConfiguration({ wayFolder: runnerConfigSchema.wayFolder }, { environment, flags });
  const sources = { flags, environment: { ...environment, ...readWay(wayFolder) } };
  return loadConfiguration(runnerConfigSchema, sources, (config) => {
    const { hubUrls: urls, insecure: isInsecure } = config;
    const mistakes =
      urls === null
        ? ['FARHAND_HUB_URL: expected the URL of the hub, got nothing']
        : urls.flatMap((url) => findHubUrlMistakes(url, { insecure: isInsecure }));
    return [...findOutletMistakes(config), ...mistakes];
  });
}
