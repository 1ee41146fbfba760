import { isLoopback } from '../../runtime/configuration/loopback.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { judgeCertificate } from './certificate-faults.ts';
import { type Check, type Found, fault, ok, skipped, warning } from './check.ts';
import { isGrpc, judgeGrpc } from './grpc-check.ts';
import type { HttpAnswer } from './http-exchange.ts';
import { describeStranger, isReady, readProblem } from './hub-answer.ts';
import type { HubProbe, Step } from './hub-probe.ts';

const skewWarningMs = 30_000;
const skewFaultMs = 300_000;
/** `Date` counts whole seconds. */
const dateStepMs = 1_000;

/** The way to a hub: name, connection, TLS, what answers, its clock, and whether what agents dial gets through. */
export function createNetworkChecks(
  probe: HubProbe,
  /** `agentUrl` is what an agent here dials; null where no agent is looked at. */
  { agentUrl, outlet }: { readonly agentUrl: URL | null; readonly outlet: Outlet },
): readonly Check[] {
  const dialsGrpc = agentUrl !== null && isGrpc(agentUrl);
  const isTls = probe.url.protocol === 'https:';
  const checks: Check[] = [
    { name: 'dns', about: 'hub', look: async () => judgeName(probe, await probe.addresses()) },
    { name: 'connection', about: 'hub', look: async () => judgeConnection(probe, await probe.connection()) },
    { name: 'tls', about: 'hub', look: async () => (isTls ? judgeTls(probe) : judgePlaintext(probe)) },
    { name: 'hub', about: 'hub', look: () => judgeReadiness(probe, agentUrl) },
    { name: 'clock', about: 'machine', look: () => judgeClock(probe) },
    dialsGrpc
      ? { name: 'grpc', about: 'hub', look: (signal) => judgeGrpc(probe, { url: agentUrl, outlet }, signal) }
      : { name: 'websocket', about: 'hub', look: () => judgeUpgrade(probe, agentUrl !== null) },
  ];
  return checks;
}

function judgeName({ host: hub, route }: HubProbe, addresses: Step<readonly string[]>): Found {
  if (route.type === 'unusable') return skipped('not looked at: the proxy has to be mended first');
  const host = route.type === 'proxy' ? route.proxy.host : hub;
  const place = route.type === 'proxy' ? route.from : 'FARHAND_HUB_URL';
  if (addresses.type === 'done') {
    const list = addresses.value.slice(0, 4).join(', ');
    return ok(list === host ? `${host} is an address` : `${host} is ${list}`);
  }
  if (addresses.type === 'skipped') return skipped('not looked at');
  if (addresses.code === 'ETIMEDOUT' || addresses.code === 'EAI_AGAIN') {
    return fault(
      `the name server does not answer when asked for ${host} (${addresses.message})`,
      `Check the name servers in /etc/resolv.conf and that this machine may reach them: getent hosts ${host}`,
    );
  }
  return fault(
    `the name ${host} has no address (${addresses.message})`,
    `Check the host in ${place} for a slip; else add the name to DNS or /etc/hosts: getent hosts ${host}`,
  );
}

function judgeConnection({ host, port, route }: HubProbe, connection: Step<{ address: string; ms: number }>): Found {
  if (route.type === 'proxy') return judgeTunnel(connection, { host, port, route });
  if (connection.type === 'done') {
    return ok(`${connection.value.address} takes connections on port ${port}, within ${connection.value.ms} ms`);
  }
  if (connection.type === 'skipped') return skipped(`not tried: ${host} has no address`);
  switch (connection.code) {
    case 'ECONNREFUSED':
      return fault(
        `nothing listens on port ${port} of ${host}`,
        'Start the hub there, or correct the port in FARHAND_HUB_URL; a hub listens on 127.0.0.1 alone unless FARHAND_LISTEN says otherwise',
      );
    case 'ETIMEDOUT':
      return fault(
        `${host} does not answer on port ${port}`,
        `Let the firewalls between pass TCP to ${host}:${port}, outgoing from here, or name a proxy that leads there: HTTPS_PROXY or FARHAND_PROXY`,
      );
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return fault(
        `there is no route to ${host} (${connection.message})`,
        'Check the network of this machine: ip route get, ip -6 route get',
      );
    default:
      return fault(
        `no connection to ${host}:${port} (${connection.message})`,
        'Check FARHAND_HUB_URL, firewalls, and that the hub runs',
      );
  }
}

function judgeTunnel(
  connection: Step<{ ms: number }>,
  { host, port, route }: { host: string; port: number; route: Extract<HubProbe['route'], { readonly type: 'proxy' }> },
): Found {
  if (connection.type === 'skipped') return skipped(`not tried: the proxy ${route.proxy.host} has no address`);
  if (connection.type === 'done') {
    return ok(`${route.proxy.shown} opens a tunnel to ${host}:${port}, within ${connection.value.ms} ms`);
  }
  const remedy = `Try it without farhand: curl -v --proxytunnel --proxy ${route.proxy.shown} http://${host}:${port}/readyz`;
  return connection.code === 'ETIMEDOUT'
    ? fault(`${route.proxy.shown} (${route.from}) opens no tunnel to ${host}:${port} (${connection.message})`, remedy)
    : fault(connection.message, remedy);
}

async function judgeTls(probe: HubProbe): Promise<readonly Found[] | Found> {
  const outcome = await probe.tls();
  if (outcome.type === 'skipped') return skipped('not tried: there is no connection');
  if (outcome.type === 'done') {
    const { certificate, code } = outcome.value;
    return judgeCertificate(certificate, { host: probe.name, code, now: Date.now() });
  }
  if (outcome.code.startsWith('client-certificate-')) {
    return fault(outcome.message, 'Have whoever runs the hub issue one for this machine');
  }
  if (await probe.speaksOtherWay()) {
    return fault(
      `FARHAND_HUB_URL says TLS, and ${probe.host}:${probe.port} answers without`,
      isLoopback(probe.url.hostname)
        ? `Write http:// (for an agent ws:// or grpc://) in FARHAND_HUB_URL: http://${probe.url.host}`
        : 'Put a proxy with TLS before the hub; only where nobody listens on the network: http:// (for an agent ws:// or grpc://) and FARHAND_INSECURE=true',
    );
  }
  return fault(
    `no TLS with ${probe.host}:${probe.port} (${outcome.message})`,
    'Check the port in FARHAND_HUB_URL, and that the server speaks TLS 1.2 or newer: openssl s_client -connect HOST:PORT',
  );
}

async function judgePlaintext(probe: HubProbe): Promise<Found> {
  const readiness = await probe.readiness();
  if (readiness.type === 'skipped') return skipped('not tried: there is no connection');
  const isUnclear = readiness.type === 'failed' || readiness.value.answer.status === 400;
  if (isUnclear && (await probe.speaksOtherWay())) {
    return fault(
      `FARHAND_HUB_URL says no TLS, and ${probe.host}:${probe.port} speaks TLS`,
      `Write https:// (for an agent wss:// or grpcs://) in FARHAND_HUB_URL: https://${probe.url.host}`,
    );
  }
  if (isLoopback(probe.url.hostname)) return ok('not used, and not needed: the hub is on this machine');
  return warning(
    `not used: what is sent to ${probe.host}, tokens too, can be read on the way`,
    'Put a proxy with TLS before the hub, and write https:// (for an agent wss:// or grpcs://) in FARHAND_HUB_URL',
  );
}

async function judgeReadiness(probe: HubProbe, agentUrl: URL | null): Promise<Found> {
  const readiness = await probe.readiness();
  if (readiness.type === 'skipped') return skipped('not asked: there is no connection');
  if (readiness.type === 'failed') {
    return fault(
      `what listens on ${probe.host}:${probe.port} does not answer in HTTP (${readiness.message})`,
      'Check host, port and http:// against https:// in FARHAND_HUB_URL',
    );
  }
  const { answer } = readiness.value;
  const problem = readProblem(answer);
  if (isReady(answer)) return ok(`a hub answers at ${toShown(probe)} and does its work`);
  if (problem?.code === 'unavailable') {
    return fault(
      `the hub answers, and does not do its work: ${problem.detail}`,
      'See its log, and farhand doctor --hub on its machine',
    );
  }
  const target = findRedirect(probe, answer);
  if (target !== null) {
    return fault(
      `${toShown(probe)} answers ${describeStranger(answer)}, and farhand follows none`,
      `Set FARHAND_HUB_URL=${agentUrl === null ? target : target.replace(/^http/, isGrpc(agentUrl) ? 'grpc' : 'ws')}`,
    );
  }
  switch (answer.status) {
    case 502:
    case 503:
    case 504:
      return fault(
        `a proxy answers, and cannot reach the hub behind it (${answer.status})`,
        'Start the hub, or correct the address that the proxy passes on to',
      );
    default:
      return fault(
        `${toShown(probe)} is not a hub: it answers ${describeStranger(answer)}`,
        'Check host, port and path in FARHAND_HUB_URL; a proxy or login page on the way answers like this, too',
      );
  }
}

/** The hub's URL where a server sends who asks for it, such as from http to https; null where it leads anywhere else. */
function findRedirect({ url }: HubProbe, { status, headers: { location } }: HttpAnswer): string | null {
  if (status < 300 || status > 399 || location === undefined || !URL.canParse(location, url.href)) return null;
  const { protocol, origin, pathname } = new URL(location, url);
  if (!/^https?:$/.test(protocol) || !pathname.endsWith('/readyz')) return null;
  return `${origin}${pathname.slice(0, -'/readyz'.length)}`;
}

async function judgeClock(probe: HubProbe): Promise<Found> {
  const readiness = await probe.readiness();
  if (readiness.type !== 'done') return skipped('not compared: no answer came');
  const { answer, asked, answered } = readiness.value;
  const there = Date.parse(answer.headers.date ?? '');
  if (Number.isNaN(there)) return skipped('not compared: the answer has no Date');
  // Anything between asking and being answered agrees with it.
  const behind = Math.max(there - answered, 0);
  const ahead = Math.max(asked - (there + dateStepMs), 0);
  const skewMs = Math.max(behind, ahead);
  const words = `the clock of this machine is ${toSpan(skewMs)} ${behind > 0 ? 'behind' : 'ahead of'} that of ${probe.host}`;
  const remedy =
    'Find out which of the two is wrong (date -u), and let it follow a time server: timedatectl set-ntp true';
  if (skewMs >= skewFaultMs)
    return fault(`${words}: certificates are misjudged, and times of jobs and logs mislead`, remedy);
  if (skewMs >= skewWarningMs) return warning(`${words}: times of jobs and logs mislead`, remedy);
  return ok(`agrees with that of ${probe.host}, to the second or so`);
}

/** Agents dial websockets. Client commands work without, and who calls them may look for what keeps an agent away. */
async function judgeUpgrade(probe: HubProbe, dialsWebsockets: boolean): Promise<Found> {
  const judge = dialsWebsockets
    ? fault
    : (message: string, remedy: string) => warning(`${message}; only agents are kept away by that`, remedy);
  const upgrade = await probe.upgrade();
  if (upgrade.type === 'skipped') return skipped('not tried: there is no connection');
  const remedy =
    'Have the proxy pass websockets on; nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
  if (upgrade.type === 'failed') return judge(`a websocket cannot be asked for (${upgrade.message})`, remedy);
  const { status, headers } = upgrade.value;
  const challenge = [headers['www-authenticate'] ?? []].flat().join(', ');
  if (status === 401 && /Farhand\s+challenge=/i.test(challenge)) return ok('a request for one reaches the hub');
  const problem = readProblem(upgrade.value);
  if (problem !== null) {
    return judge(
      `the hub was reached, and not as a websocket (${status} ${problem.code}): something on the way takes the header "Upgrade" away`,
      remedy,
    );
  }
  const readiness = await probe.readiness();
  if (readiness.type === 'done' && readiness.value.answer.status !== 200)
    return skipped('not tried: no hub answers there');
  return judge(`a request for one is answered ${describeStranger(upgrade.value)}: it does not reach the hub`, remedy);
}

function toShown({ url }: HubProbe): string {
  return url.href.replace(/\/+$/, '');
}

function toSpan(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}
