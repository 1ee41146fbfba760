import { z } from 'zod';
import { findVersionSkew } from '../../protocol/version-skew.ts';
import { version } from '../../runtime/version.ts';
import type { ApiClient } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { fetchAgents } from '../fetch-items.ts';
import { type Check, type Found, fault, ok, skipped, warning } from './check.ts';
import { isHubAnswer, isReady } from './hub-answer.ts';
import type { HubProbe } from './hub-probe.ts';

const Held = z.looseObject({ held: z.string().nullable().default(null) });
const Description = z.looseObject({ info: z.looseObject({ version: z.string() }) });

/** What a person or a program with a token meets: whether it is let in, and which versions are there. */
export function createClientChecks(options: {
  readonly api: ApiClient;
  readonly hasToken: boolean;
  readonly probe: HubProbe;
}): readonly Check[] {
  const { api, hasToken, probe } = options;
  let asked: Promise<string | ApiError | null> | undefined;
  /** The hub's version, for which one has to be let in. */
  const ask = () => {
    asked ??= askVersion(api, probe);
    return asked;
  };
  return [
    { name: 'token', about: 'hub', look: async () => judgeToken(await ask(), hasToken) },
    { name: 'version', about: 'machine', look: async () => judgeVersion(await ask()) },
    { name: 'offers', about: 'hub', look: () => judgeOffers(probe) },
    { name: 'agents', about: 'hub', look: async () => judgeAgents(api, await ask()) },
  ];
}

/** The token goes only to a hub that proved who it is: null where nobody did. Fetch checks the certificate once more. */
async function askVersion(api: ApiClient, probe: HubProbe): Promise<string | ApiError | null> {
  const readiness = await probe.readiness();
  if (readiness.type !== 'done' || !isHubAnswer(readiness.value.answer)) return null;
  if (probe.url.protocol === 'https:') {
    const tls = await probe.tls();
    if (tls.type !== 'done' || tls.value.code !== null) return null;
  }
  try {
    return (await api.call({ path: '/openapi.json' }, Description)).info.version;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function judgeToken(answer: string | ApiError | null, hasToken: boolean): Found {
  if (answer === null) return skipped('not shown to anybody: the way to the hub has to be mended first');
  if (!(answer instanceof ApiError)) return ok('the hub lets it in');
  switch (answer.problem?.code) {
    case 'token-missing':
      if (hasToken) {
        return fault(
          'a token was sent, and the hub got none: something on the way takes the header "Authorization" away',
          'Have the proxy pass it on; nginx: proxy_set_header Authorization $http_authorization;',
        );
      }
      return fault(
        'there is no token',
        'Set FARHAND_TOKEN, or FARHAND_TOKEN_FILE to a file that holds it; an administrator makes one: farhand token create --role operator',
      );
    case 'token-invalid':
      return fault(
        'the hub does not know this token: it is mistyped, expired, revoked, or of another hub',
        'Have an administrator make a new one (farhand token create --role operator) and set FARHAND_TOKEN',
      );
    default:
      return hasToken
        ? fault(`the token could not be tried: ${answer.message}`, 'Mend what the message says, then look again')
        : skipped(`nothing was tried: ${answer.message}`);
  }
}

async function judgeOffers(probe: HubProbe): Promise<Found> {
  const readiness = await probe.readiness();
  if (readiness.type !== 'done' || !isReady(readiness.value.answer))
    return skipped('the hub did not say that it is ready');
  const { held } = Held.parse(JSON.parse(readiness.value.answer.body));
  if (held === null) return ok('the hub offers jobs to agents');
  return fault(held, 'farhand jobs --state queued; cancel what must not run again; then farhand trust-store');
}

function judgeVersion(answer: string | ApiError | null): Found {
  if (typeof answer !== 'string') {
    return skipped(`this is farhand ${version}; the hub tells its own only to who is let in`);
  }
  if (answer === version) return ok(`this farhand and the hub are both ${version}`);
  const said = `this is farhand ${version}, and the hub is ${answer}`;
  const skew = findVersionSkew(answer, version);
  if (skew === 'none' || skew === 'supported') return ok(`${said}: they work together`);
  return warning(
    `${said}: more than one minor release apart, which nobody has tried`,
    `Install the hub's version here (npm install -g farhand@${answer}), or bring the hub to ${version}`,
  );
}

async function judgeAgents(api: ApiClient, answer: string | ApiError | null): Promise<readonly Found[] | Found> {
  if (typeof answer !== 'string') return skipped('not listed: the hub has to let this in first');
  const agents = await fetchAgents(api);
  if (agents.length === 0) {
    return warning(
      'no agent has joined: every job waits',
      'Make a token (farhand token create --join), and on the machine that is to run jobs: FARHAND_HUB_URL=… FARHAND_JOIN_TOKEN=… farhand agent',
    );
  }
  const found: Found[] = [];
  const online = agents.filter((agent) => agent.online);
  if (online.length === 0) {
    found.push(
      warning(
        `none of ${agents.length} agents is online: every job waits`,
        "On an agent's machine: farhand doctor --agent",
      ),
    );
  }
  const other = online.filter(({ version: theirs }) => theirs !== null && theirs !== answer);
  const tooFar = other.filter(({ version: theirs }) =>
    ['behind', 'ahead'].includes(findVersionSkew(answer, theirs ?? '')),
  );
  if (tooFar.length > 0) {
    const list = tooFar.slice(0, 5).map((agent) => `${agent.name} (${agent.version})`);
    found.push(
      warning(
        `${tooFar.length} of ${online.length} agents online ${tooFar.length === 1 ? 'is' : 'are'} more than one minor release away from the hub (${answer}), which nobody has tried: ${list.join(', ')}`,
        `Install farhand ${answer} there, and start the agent anew: its jobs run on meanwhile`,
      ),
    );
  }
  const ill = online.filter(({ health }) => (health?.problems.length ?? 0) > 0);
  for (const { name, health } of ill.slice(0, 5)) {
    found.push(
      warning(
        `${name}: ${health?.problems.join('; ') ?? ''}`,
        `farhand agents ${name}; on its machine: farhand doctor --agent`,
      ),
    );
  }
  if (found.length > 0) return found;
  const versions =
    other.length === 0 ? "of the hub's version" : `${other.length} of another version that works with the hub's`;
  return ok(`${online.length} of ${agents.length} online, ${versions}, and well`);
}
