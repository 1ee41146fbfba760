import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { loadAgentKey } from '../../agent/agent-key.ts';
import type { AgentConfig } from '../../agent/config.ts';
import { type DataFolder, toDataFolder } from '../../agent/data-folder.ts';
import { createAgentCredential } from '../../agent/identity.ts';
import { EnrolmentAnswer } from '../../protocol/enrolment.ts';
import { parseJson } from '../../protocol/parse.ts';
import { Problem } from '../../protocol/problem.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { systemClock } from '../../runtime/clock.ts';
import { readSmallFile, systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { TransportError } from '../../transports/transport-error.ts';
import { openTransport } from '../open-transport.ts';
import { type Check, type Found, fault, ok, skipped, warning } from './check.ts';
import { isHubAnswer } from './hub-answer.ts';
import type { HubProbe } from './hub-probe.ts';

const answerMs = 8_000;

/**
 * Who the agent is to its hub. One that has joined shows its credential on a session that it closes at once; one that has not shows its
 * join token with a proof that cannot hold, so that nothing joins and no use of the token is spent.
 */
export function createAgentChecks(options: {
  readonly config: Pick<AgentConfig, 'data' | 'name' | 'joinToken'>;
  readonly probe: HubProbe | null;
  readonly outlet: Outlet;
  /** What the agent dials; null where nothing says so. */
  readonly url: URL | null;
  /** `FARHAND_NAME` was given, and is not the host's name by default. */
  readonly isNameGiven: boolean;
}): readonly Check[] {
  const folder = toDataFolder(options.config.data);
  return [
    { name: 'identity', about: 'machine', look: async () => judgeIdentity(await readIdentity(folder), options) },
    {
      name: 'credential',
      about: 'hub',
      look: async (signal) => judgeCredential(await readIdentity(folder), { ...options, folder, signal }),
    },
    { name: 'trust', about: 'machine', look: () => judgeTrust(folder) },
  ];
}

/** Null before it has joined; `hidden` where this user may not look; `broken` where it is not what it should be. */
async function readIdentity(folder: DataFolder): Promise<EnrolmentAnswer | 'hidden' | 'broken' | null> {
  try {
    const bytes = await readSmallFile(systemFileSystem, folder.identity);
    return bytes === null ? null : parseJson(EnrolmentAnswer, bytes, folder.identity);
  } catch (error) {
    return error instanceof ProtocolError ? 'broken' : 'hidden';
  }
}

function judgeIdentity(
  identity: EnrolmentAnswer | 'hidden' | 'broken' | null,
  {
    config,
    isNameGiven,
  }: { readonly config: Pick<AgentConfig, 'data' | 'name' | 'joinToken'>; readonly isNameGiven: boolean },
): Found {
  const { data, name, joinToken } = config;
  if (identity === 'hidden') return skipped(`${data} cannot be looked at by this user`);
  if (identity === 'broken') {
    return fault(
      `identity.json in ${data} cannot be read as the identity of an agent`,
      'Bring the data folder back from a backup; or remove identity.json and join again with a new FARHAND_JOIN_TOKEN',
    );
  }
  if (identity === null) {
    return joinToken === null
      ? fault(
          `this agent has not joined a hub: ${data} has no identity, and there is no join token`,
          "On the hub's side: farhand token create --join; here: FARHAND_JOIN_TOKEN, or FARHAND_JOIN_TOKEN_FILE with a file that holds it",
        )
      : ok(`has not joined yet; will join as ${name}`);
  }
  if (isNameGiven && identity.name !== name) {
    return fault(
      `the data folder ${data} belongs to the agent ${identity.name}, and FARHAND_NAME says ${name}: two agents on one folder cannot be`,
      `Give ${name} a folder of its own (FARHAND_DATA=…), or set FARHAND_NAME=${identity.name}`,
    );
  }
  return ok(`joined as ${identity.name}, account ${identity.account}`);
}

interface CredentialOptions {
  readonly config: Pick<AgentConfig, 'name' | 'joinToken'>;
  readonly probe: HubProbe | null;
  readonly outlet: Outlet;
  readonly url: URL | null;
  readonly folder: DataFolder;
  readonly signal: AbortSignal;
}

async function judgeCredential(
  identity: EnrolmentAnswer | 'hidden' | 'broken' | null,
  options: CredentialOptions,
): Promise<Found> {
  const { probe, config, outlet } = options;
  if (probe === null) return skipped('not shown to anybody: there is no hub to dial');
  if (!(await isSafe(probe))) return skipped('not shown to anybody: the way to the hub has to be mended first');
  if (identity === 'hidden' || identity === 'broken') return skipped('there is no identity to show');
  if (identity !== null) return tryIdentity(identity, probe, options);
  return config.joinToken === null
    ? skipped('there is nothing to show')
    : tryJoinToken(config.joinToken, { probe, name: config.name, outlet });
}

/** Something that a hub says came back, over TLS that holds where there is any. */
async function isSafe(probe: HubProbe): Promise<boolean> {
  const readiness = await probe.readiness();
  if (readiness.type !== 'done' || !isHubAnswer(readiness.value.answer)) return false;
  if (probe.url.protocol !== 'https:') return true;
  const tls = await probe.tls();
  return tls.type === 'done' && tls.value.code === null;
}

async function tryIdentity(
  { id, name }: EnrolmentAnswer,
  probe: HubProbe,
  { url, outlet, folder, signal }: CredentialOptions,
): Promise<Found> {
  if ((await systemFileSystem.lstat(folder.key)) === null) {
    return fault(
      `the key of ${name} is not there: expected ${folder.key}`,
      'Bring the data folder back from a backup; or remove identity.json and join again with a new FARHAND_JOIN_TOKEN',
    );
  }
  const key = await loadAgentKey(systemFileSystem, folder.key);
  const { session } = await openTransport({
    url: url ?? probe.url,
    outlet,
    clock: systemClock,
    limits: { ...defaultLimits, dialMs: answerMs, closeMs: 1_000 },
    logger: silentLogger,
  });
  try {
    await using _channel = await session.openSession(
      { attempt: randomUUID(), credential: createAgentCredential(id, key) },
      { signal },
    );
    return ok(`the hub knows ${name} by its key, and a session to it opens`);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (error.code === 'unauthorized') {
      return fault(
        `the hub does not know ${name} by its key: it is another hub than the one that ${name} joined, or it lost its store`,
        `Correct FARHAND_HUB_URL (${probe.url.host} was asked); if it is right, move identity.json out of ${folder.root} and join again with a new token (farhand token create --join)`,
      );
    }
    return fault(
      `no session opens: ${error.message}`,
      'Mend what the message says; a proxy has to pass websockets or gRPC on',
    );
  }
}

async function tryJoinToken(
  joinToken: string,
  { probe, name, outlet }: { readonly probe: HubProbe; readonly name: string; readonly outlet: Outlet },
): Promise<Found> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const response = await createOutletFetch(outlet)(`${probe.url.href.replace(/\/+$/, '')}/v1/enrol`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${joinToken}`,
      'content-type': 'application/json',
      'farhand-proof': sign(null, Buffer.from('farhand doctor'), privateKey).toString('base64'),
    },
    body: JSON.stringify({
      name,
      labels: {},
      publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    }),
    redirect: 'error',
    signal: AbortSignal.timeout(answerMs),
  });
  const problem = Problem.safeParse(await response.json().catch(() => null)).data;
  switch (problem?.code) {
    case 'agent-credential-invalid':
      return ok('the hub knows the join token, and an agent may join with it');
    case 'join-token-invalid':
      return fault(
        'no agent may join with the join token: it is mistyped, expired, used up, or of another hub',
        'A new one: farhand token create --join',
      );
    default:
      return warning(
        `the join token could not be tried (${response.status} ${problem?.code ?? 'without a reason'})`,
        'Start the agent: its log says what the hub answers',
      );
  }
}

async function judgeTrust(folder: DataFolder): Promise<Found> {
  const bytes = await readSmallFile(systemFileSystem, folder.hub).catch(() => null);
  const isRestored = bytes !== null && /"restored":true/.test(Buffer.from(bytes).toString('utf8'));
  if (!isRestored) return ok("nothing is known against the hub's store");
  return fault(
    "the hub's store came back from an older copy: this agent takes nothing new until somebody here trusts it",
    `Find out what happened to the hub, then: farhand agent trust-hub --data ${folder.root}`,
  );
}
