import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiLimits } from '../../../hub/api/api-limits.ts';
import { createHub } from '../../../hub/hub.ts';
import { keepEverything } from '../../../hub/retention/retention-rules.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createDirectOutlet, createOutlet, type Outlet } from '../../../runtime/network/outlet.ts';
import { noTlsSettings } from '../../../runtime/network/tls-files.ts';
import { systemRandom } from '../../../runtime/random.ts';
import type { ServerCertificate } from '../../support/certificates.ts';
import { countSockets } from '../../support/count-sockets.ts';
import type { RawTarget } from '../../support/raw-client.ts';
import { createTlsFolder } from '../../support/tls-folder.ts';
import { until } from '../../support/until.ts';

export const adminToken = 'test-administrator-token-0123456789abcdef';

export interface HonestAnswer {
  readonly status: number;
  readonly text: string;
}

/** A hub that is attacked, and an honest client of it. */
export interface HostilePlace extends AsyncDisposable {
  readonly address: string;
  /** As the agent `thief` reaches it, who is the one that attacks. */
  readonly target: RawTarget;
  /** As this agent does, with a certificate of its own where the hub asks for one. */
  targetAs(name: string): RawTarget;
  outletAs(name: string, account?: string): Outlet;
  /** The administrator, on a connection of its own. */
  call(method: string, path: string, body?: object): Promise<HonestAnswer>;
  /** What is open now is no part of an attack. */
  settle(): void;
  /** Waits until no more sockets are open in this process than then, and asks the hub whether it serves. */
  calm(): Promise<void>;
}

export interface HostilePlaceOptions {
  /** It speaks TLS, and lets in nobody without a certificate. */
  readonly secure?: boolean;
  readonly limits?: Partial<ApiLimits>;
  readonly clock?: Clock;
}

/** Who waits for half a minute or so for somebody else to speak, waits a twentieth of that. Pings and all that is shorter stay as they are. */
export const hurriedClock: Clock = {
  ...systemClock,
  schedule: (delayMs, callback, options) =>
    systemClock.schedule(
      options?.background === true && delayMs >= 15_000 && delayMs <= 31_000 ? delayMs / 20 : delayMs,
      callback,
      options,
    ),
};

export async function startHostilePlace(options: HostilePlaceOptions = {}): Promise<HostilePlace> {
  const tls = options.secure === true ? createTlsFolder({ clientCertificates: 'required' }) : null;
  const dataFolder = mkdtempSync(join(tmpdir(), 'farhand-hostile-'));
  const hub = await createHub({
    listen: { host: '127.0.0.1', port: 0 },
    dataFolder,
    tls: tls?.files ?? null,
    adminToken,
    adminTokenFolder: null,
    lostAfterMs: 3_600_000,
    keep: keepEverything,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    clock: options.clock ?? systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  const ca = tls === null ? null : readFileSync(tls.authority.path);
  const port = Number(new URL(hub.address).port);
  const shown = new Map<string, ServerCertificate>();
  const certificateOf = (agent: string): ServerCertificate | null => {
    if (tls === null) return null;
    const issued = shown.get(agent) ?? tls.clientAuthority.issue({ names: `URI:farhand:agent:${agent}`, days: 10 });
    shown.set(agent, issued);
    return issued;
  };
  const targetAs = (name: string): RawTarget => ({ port, ca, shows: certificateOf(`default/${name}`) });
  const person = tls === null ? {} : { ca: ca ?? '', ...tls.clientAuthority.issue({ names: 'DNS:person', days: 10 }) };

  const call: HostilePlace['call'] = async (method, path, body) => {
    const common = {
      method,
      agent: false,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    };
    const url = `${hub.address}${path}`;
    const asked = ca === null ? requestHttp(url, common) : requestHttps(url, { ...common, ...person });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, text };
  };
  await call('GET', '/livez');
  let before = countSockets();
  return {
    address: hub.address,
    target: targetAs('thief'),
    targetAs,
    outletAs(name, account = 'default') {
      const certificate = certificateOf(`${account}/${name}`);
      if (tls === null || certificate === null) return createDirectOutlet({ logger: silentLogger });
      const paths = { cert: join(tls.path, `${account}-${name}.pem`), key: join(tls.path, `${account}-${name}.key`) };
      writeFileSync(paths.cert, certificate.cert);
      writeFileSync(paths.key, certificate.key);
      const files = { ...noTlsSettings, ca: tls.authority.path, ...paths };
      return createOutlet({ choice: { type: 'none' }, environment: {}, tls: files, logger: silentLogger });
    },
    call,
    settle() {
      before = countSockets();
    },
    async calm() {
      await until('all connections of the attack to be gone', () => countSockets() <= before);
      assert.equal((await call('GET', '/readyz')).status, 200);
      assert.equal((await call('GET', '/api/v1/jobs')).status, 200);
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      tls?.[Symbol.dispose]();
      rmSync(dataFolder, { recursive: true });
    },
  };
}
