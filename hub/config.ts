import type { ConfigFormat, ConfigOf, ConfigSchema } from '../runtime/configuration/config-key.ts';
import {
  byteCount,
  decimalNumber,
  file,
  folder,
  listenAddress,
  listOf,
  oneOf,
  orForever,
  orNever,
  seconds,
  text,
  url,
  wholeNumber,
  yesOrNo,
} from '../runtime/configuration/formats.ts';
import { type ConfigSources, loadConfiguration } from '../runtime/configuration/load-configuration.ts';
import { logKeys } from '../runtime/configuration/log-keys.ts';
import { isLoopback } from '../runtime/configuration/loopback.ts';
import type { ApiLimits } from './api/api-limits.ts';
import { isProxyRange } from './front/trusted-proxies.ts';
import { issuerOutletKeys } from './identity/oidc/issuer-outlet.ts';
import { findBrokenOidcRules, oidcKeys } from './identity/oidc/oidc-keys.ts';
import { isSignedToken } from './identity/user-authenticator.ts';
import type { AccountLimits } from './quotas/account-quotas.ts';
import type { RetentionRules } from './retention/retention-rules.ts';
import type { TlsOptions } from './tls/tls-options.ts';

const proxyRange: ConfigFormat<string> = {
  expected: 'an address, a network as address/bits, loopback, linklocal or uniquelocal',
  placeholder: 'address',
  fromText: (value) => (isProxyRange(value) ? value : undefined),
};

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
  publicUrl: {
    variable: 'FARHAND_PUBLIC_URL',
    doc: 'Where people find the API behind a proxy, such as https://tools.example.org/farhand. What the hub says of its own address begins with it.',
    format: url(['http', 'https']),
    default: null,
    defaultDoc: 'the address that was asked; with X-Forwarded-Prefix of a trusted proxy before its path',
    sensitive: false,
  },
  trustedProxies: {
    variable: 'FARHAND_TRUSTED_PROXIES',
    doc: 'Proxies that are believed when they say for whom they ask (X-Forwarded-For, Forwarded, X-Forwarded-Prefix): addresses, networks such as 10.1.0.0/16, and the words loopback, linklocal and uniquelocal, separated by commas. Nobody else is.',
    format: listOf(
      proxyRange,
      'addresses, networks as address/bits, loopback, linklocal or uniquelocal, separated by commas',
    ),
    default: null,
    defaultDoc: 'none',
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
    doc: 'How many jobs of one account may wait for an agent, where nothing else was set for it. Another is answered 429. Each takes about a kilobyte of memory.',
    format: wholeNumber({ from: 1, to: 100_000_000 }),
    default: '100000',
    sensitive: false,
  },
  maxRunningJobs: {
    variable: 'FARHAND_MAX_RUNNING_JOBS',
    doc: 'How many jobs of one account agents may have at a time, where nothing else was set for it. More of them wait.',
    format: orNever(wholeNumber({ from: 0, to: 1_000_000_000 })),
    default: 'never',
    sensitive: false,
  },
  maxLogBytes: {
    variable: 'FARHAND_MAX_LOG_BYTES',
    doc: 'How much the logs of ended jobs of one account may take, where nothing else was set for it. From then on its submissions are answered 403; what runs is not cut.',
    format: orNever(byteCount),
    default: 'never',
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
  rateRequests: {
    variable: 'FARHAND_RATE_REQUESTS',
    doc: 'How many requests a second one token or user may send in the long run; twice as many at once. Another is answered 429.',
    format: orNever(wholeNumber({ from: 1, to: 1_000_000 })),
    default: '2000',
    sensitive: false,
  },
  ratePublicRequests: {
    variable: 'FARHAND_RATE_PUBLIC_REQUESTS',
    doc: 'The same of one address (IPv6: one /64), for what needs no token, such as agents that join; twenty times as many at once.',
    format: orNever(wholeNumber({ from: 1, to: 1_000_000 })),
    default: '500',
    sensitive: false,
  },
  maxConnections: {
    variable: 'FARHAND_MAX_CONNECTIONS',
    doc: 'How many connections one token or user may have open to the API, of which each that follows a log or events is one; all of an account together four times as many. A request on another is answered 429. Never more than a sixteenth of the descriptors that the hub may have.',
    format: wholeNumber({ from: 1, to: 1_000_000 }),
    default: '1000',
    sensitive: false,
  },
  maxFailedSignIns: {
    variable: 'FARHAND_MAX_FAILED_SIGN_INS',
    doc: 'How many tokens that do not count may come from one address before others that do not are answered 429, for a second at first and a minute at most. Valid ones always count.',
    format: wholeNumber({ from: 1, to: 1_000_000 }),
    default: '30',
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
  tlsCert: {
    variable: 'FARHAND_TLS_CERT',
    doc: "The hub's certificate and those between it and its CA, PEM: with it and its key, the hub speaks TLS. Changed files are used for new connections.",
    format: file,
    default: null,
    defaultDoc: 'plaintext',
    sensitive: false,
  },
  tlsKey: {
    variable: 'FARHAND_TLS_KEY',
    doc: 'The private key of the certificate, PEM, without a passphrase. Only the hub should be able to read it.',
    format: file,
    default: null,
    sensitive: false,
  },
  tlsClientCa: {
    variable: 'FARHAND_TLS_CLIENT_CA',
    doc: 'The CAs that sign certificates of clients, PEM. A client certificate that names an agent is good for that agent alone.',
    format: file,
    default: null,
    sensitive: false,
  },
  tlsClient: {
    variable: 'FARHAND_TLS_CLIENT',
    doc: 'Whether who connects has to show a certificate of these CAs. optional: one that is shown must be good. Tokens are needed all the same.',
    format: oneOf('none', 'optional', 'required'),
    default: null,
    defaultDoc: 'required with FARHAND_TLS_CLIENT_CA, none without',
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
  ...oidcKeys,
  ...issuerOutletKeys,
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
    requestsPerSecond: config.rateRequests,
    connections: config.maxConnections,
    publicRequestsPerSecond: config.ratePublicRequests,
    failedSignIns: config.maxFailedSignIns,
  };
}

/** Null: plaintext. */
export function toTlsOptions({ tlsCert, tlsKey, tlsClientCa, tlsClient }: HubConfig): TlsOptions | null {
  if (tlsCert === null || tlsKey === null) return null;
  return {
    certificatePath: tlsCert,
    keyPath: tlsKey,
    clientCaPath: tlsClientCa,
    clientCertificates: tlsClient ?? (tlsClientCa === null ? 'none' : 'required'),
  };
}

export function toUsualQuotas(config: HubConfig): Omit<AccountLimits, 'queuedJobs'> {
  return { runningJobs: config.maxRunningJobs, logBytes: config.maxLogBytes };
}

/** Throws `ConfigError` with every mistake at once. */
export function loadHubConfig(sources: ConfigSources): HubConfig {
  return loadConfiguration(hubConfigSchema, sources, findBrokenRules);
}

function findBrokenRules(config: HubConfig): readonly string[] {
  const broken: string[] = [...findBrokenOidcRules(config)];
  if (!config.insecure && toTlsOptions(config) === null && !isLoopback(config.listen.host)) {
    broken.push(
      `FARHAND_LISTEN: expected an address of this machine alone, such as 127.0.0.1:${config.listen.port}, because the hub speaks without TLS; got ${config.listen.host}. Give it a certificate (FARHAND_TLS_CERT, FARHAND_TLS_KEY), put a proxy with TLS before it, or set FARHAND_INSECURE=true where the network may carry tokens in the clear`,
    );
  }
  broken.push(...findTlsMistakes(config));
  if (config.oidcIssuer !== null && config.adminToken !== null && isSignedToken(config.adminToken)) {
    broken.push(
      'FARHAND_ADMIN_TOKEN: expected a token that is not of the form a.b.c, because with FARHAND_OIDC_ISSUER such tokens are taken for those of the issuer',
    );
  }
  if (config.store !== null) {
    broken.push('FARHAND_STORE: expected it not to be set: SQLite in FARHAND_DATA is the only store so far');
  }
  return broken;
}

function findTlsMistakes({ tlsCert, tlsKey, tlsClientCa, tlsClient }: HubConfig): readonly string[] {
  const broken: string[] = [];
  if ((tlsCert === null) !== (tlsKey === null)) {
    const [missing, given] =
      tlsCert === null ? ['FARHAND_TLS_CERT', 'FARHAND_TLS_KEY'] : ['FARHAND_TLS_KEY', 'FARHAND_TLS_CERT'];
    broken.push(`${missing}: expected it beside ${given}, got nothing: a certificate and its key go together`);
  }
  if (tlsClientCa !== null && tlsCert === null && tlsKey === null) {
    broken.push(
      'FARHAND_TLS_CLIENT_CA: expected FARHAND_TLS_CERT and FARHAND_TLS_KEY with it: without TLS nobody can show a certificate',
    );
  }
  if (tlsClient !== null && tlsClient !== 'none' && tlsClientCa === null) {
    broken.push(
      `FARHAND_TLS_CLIENT: expected FARHAND_TLS_CLIENT_CA with ${tlsClient}: the hub has to know whose certificates count`,
    );
  }
  if (tlsClient === 'none' && tlsClientCa !== null) {
    broken.push(
      'FARHAND_TLS_CLIENT: expected optional or required with FARHAND_TLS_CLIENT_CA, got none: with it nobody is asked',
    );
  }
  return broken;
}
