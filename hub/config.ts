import type { ConfigOf, ConfigSchema } from '../runtime/configuration/config-key.ts';
import {
  byteCount,
  decimalNumber,
  folder,
  listenAddress,
  orForever,
  seconds,
  text,
  wholeNumber,
  yesOrNo,
} from '../runtime/configuration/formats.ts';
import { type ConfigSources, loadConfiguration } from '../runtime/configuration/load-configuration.ts';
import { logKeys } from '../runtime/configuration/log-keys.ts';
import { isLoopback } from '../runtime/configuration/loopback.ts';
import type { ApiLimits } from './api/api-limits.ts';
import type { RetentionRules } from './retention/retention-rules.ts';

/** From a minute and a half to a hundred years. */
const keptDays = { from: 0.001, to: 36_500 };

/** Everything that a hub can be told. Help and `docs/config.md` are made of it. */
export const hubConfigSchema = {
  listen: {
    variable: 'FARHAND_LISTEN',
    doc: 'Where the API is served and agents dial in. Port 0 lets the system choose one; the ready line says which.',
    format: listenAddress,
    default: '127.0.0.1:7400',
    sensitive: false,
  },
  data: {
    variable: 'FARHAND_DATA',
    doc: 'Folder for the store, the logs and the key that secrets are sealed with. Made when it is not there; one hub at a time.',
    format: folder,
    default: '.farhand/hub',
    sensitive: false,
  },
  store: {
    variable: 'FARHAND_STORE',
    doc: 'Where state is kept. Only the default works so far; postgres:// is reserved for several hubs on one database.',
    format: text,
    default: null,
    defaultDoc: 'SQLite in the data folder',
    sensitive: true,
  },
  adminToken: {
    variable: 'FARHAND_ADMIN_TOKEN',
    doc: "An administrator's token. Without it, a hub whose store is empty makes one and writes it to admin-token in the data folder.",
    format: text,
    default: null,
    sensitive: true,
  },
  lostAfterSeconds: {
    variable: 'FARHAND_LOST_AFTER_SECONDS',
    doc: 'How long an agent may be silent before its running jobs are called lost. A result that comes later corrects it.',
    format: seconds({ from: 1, to: 31_536_000 }),
    default: '3600',
    sensitive: false,
  },
  maxQueuedJobs: {
    variable: 'FARHAND_MAX_QUEUED_JOBS',
    doc: 'How many jobs of one account may wait for an agent. Another is answered 429. Each takes about a kilobyte of memory.',
    format: wholeNumber({ from: 1, to: 100_000_000 }),
    default: '100000',
    sensitive: false,
  },
  maxQueuedJobsInAll: {
    variable: 'FARHAND_MAX_QUEUED_JOBS_IN_ALL',
    doc: 'The same of all accounts together.',
    format: wholeNumber({ from: 1, to: 100_000_000 }),
    default: '500000',
    sensitive: false,
  },
  maxSubmissions: {
    variable: 'FARHAND_MAX_SUBMISSIONS',
    doc: 'How many submissions may be under way, and changes wait for the store, at a time. Another is answered 429 before it is read.',
    format: wholeNumber({ from: 1, to: 1_000_000 }),
    default: '1000',
    sensitive: false,
  },
  drainSeconds: {
    variable: 'FARHAND_DRAIN_SECONDS',
    doc: 'After SIGTERM: how long agents may take to open a channel to another hub behind the same address, and sessions to end. 0: leave at once; agents are told when to come back.',
    format: seconds({ from: 0, to: 86_400 }),
    default: '0',
    sensitive: false,
  },
  keepJobsDays: {
    variable: 'FARHAND_KEEP_JOBS_DAYS',
    doc: 'How long a job is kept after its end, with its attempts and their logs. What was done with it stays in the audit. 0.5 is half a day.',
    format: orForever(decimalNumber(keptDays)),
    default: '90',
    sensitive: false,
  },
  keepJobs: {
    variable: 'FARHAND_KEEP_JOBS',
    doc: 'How many ended jobs of each account are kept; the oldest go first.',
    format: orForever(wholeNumber({ from: 1, to: 1_000_000_000 })),
    default: '1000000',
    sensitive: false,
  },
  keepLogBytes: {
    variable: 'FARHAND_KEEP_LOG_BYTES',
    doc: 'How much disk the logs of ended jobs may take together. Over it the oldest go, and their jobs stay and say so.',
    format: orForever(byteCount),
    default: '20GiB',
    sensitive: false,
  },
  keepAtLeastHours: {
    variable: 'FARHAND_KEEP_AT_LEAST_HOURS',
    doc: 'FARHAND_KEEP_JOBS and FARHAND_KEEP_LOG_BYTES remove nothing of jobs that ended more recently, even if the disk fills.',
    format: wholeNumber({ from: 0, to: 87_600 }),
    default: '48',
    sensitive: false,
  },
  keepAuditDays: {
    variable: 'FARHAND_KEEP_AUDIT_DAYS',
    doc: 'How long the audit is kept: what was done to jobs, agents and tokens, and by whom.',
    format: orForever(decimalNumber(keptDays)),
    default: 'forever',
    sensitive: false,
  },
  forgetAgentsDays: {
    variable: 'FARHAND_FORGET_AGENTS_DAYS',
    doc: 'How long an agent is kept that was revoked, or that nobody heard of. Then it is removed, and has to join anew. One whose jobs are not over stays.',
    format: orForever(decimalNumber(keptDays)),
    default: 'forever',
    sensitive: false,
  },
  insecure: {
    variable: 'FARHAND_INSECURE',
    doc: 'Allow listening without TLS beyond this machine. Right only behind something that adds TLS, or on a network where nobody listens.',
    format: yesOrNo,
    default: 'false',
    sensitive: false,
  },
  ...logKeys,
} as const satisfies ConfigSchema;

export type HubConfig = ConfigOf<typeof hubConfigSchema>;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function toRetentionRules(config: HubConfig): RetentionRules {
  return {
    jobsForMs: config.keepJobsDays * dayMs,
    jobsPerAccount: config.keepJobs,
    logBytes: config.keepLogBytes,
    atLeastMs: config.keepAtLeastHours * hourMs,
    auditForMs: config.keepAuditDays * dayMs,
    agentsForMs: config.forgetAgentsDays * dayMs,
  };
}

export function toApiLimits(config: HubConfig): Partial<ApiLimits> {
  return {
    queuedJobs: config.maxQueuedJobs,
    queuedJobsInAll: config.maxQueuedJobsInAll,
    submissionsAtOnce: config.maxSubmissions,
  };
}

/** Throws `ConfigError` with every mistake at once. */
export function loadHubConfig(sources: ConfigSources): HubConfig {
  return loadConfiguration(hubConfigSchema, sources, findBrokenRules);
}

function findBrokenRules(config: HubConfig): readonly string[] {
  const broken: string[] = [];
  if (!config.insecure && !isLoopback(config.listen.host)) {
    broken.push(
      `FARHAND_LISTEN: expected an address of this machine alone, such as 127.0.0.1:${config.listen.port}, because the hub speaks without TLS; got ${config.listen.host}. Put a proxy with TLS before it, or set FARHAND_INSECURE=true where the network may carry tokens in the clear`,
    );
  }
  if (config.store !== null) {
    broken.push('FARHAND_STORE: expected it not to be set: SQLite in FARHAND_DATA is the only store so far');
  }
  return broken;
}
