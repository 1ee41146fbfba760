import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { createHubClient, type HubClient } from './hub-client.ts';
import { toWireUrl, type Wire } from './wire.ts';

/** A hub and an agent as processes of their own, durable as always. */
export interface Place extends AsyncDisposable {
  readonly hub: Daemon;
  readonly agent: Daemon;
  /** The agent's data folder. */
  readonly agentFolder: string;
  readonly client: HubClient;
  /** Another agent process on the same folder, when the first has ended: enrolled already. `through`: another address that leads to the hub, `http://…` */
  startAgent(through?: string): Promise<Daemon>;
}

export interface PlaceOptions {
  readonly slots: number;
  /** Automations by name: what their YAML files hold. JSON is YAML. */
  readonly automations: Readonly<Record<string, object>>;
  /** `none` unless idle agents are looked at: what probes do would be measured with the jobs. */
  readonly probes: 'shipped' | 'none';
  /** Left out: websocket. */
  readonly wire?: Wire;
  /** More variables of the agent, where the hub is known. */
  readonly agentEnvironment?: (hub: Daemon) => Readonly<Record<string, string>>;
}

const adminToken = 'an-administrator-of-the-benchmarks-0123456789';

/** A hub alone. `port` 0 lets the system choose. */
export function startHub(
  bench: Bench,
  { data, port }: { readonly data: string; readonly port: number },
): Promise<Daemon> {
  return startDaemon(bench.workplace, {
    program: bench.program,
    command: 'hub',
    environment: { FARHAND_LISTEN: `127.0.0.1:${port}`, FARHAND_DATA: data, FARHAND_ADMIN_TOKEN: adminToken },
  });
}

export function connectToHub(hub: Daemon): HubClient {
  return createHubClient(hub.address, adminToken);
}

export async function createPlace(
  bench: Bench,
  { slots, automations, probes, wire = 'websocket', agentEnvironment = () => ({}) }: PlaceOptions,
): Promise<Place> {
  await using opened = new AsyncDisposableStack();
  const folder = bench.workplace.path('place');
  const agentFolder = join(folder, 'agent');
  const catalog = join(folder, 'automations');
  await mkdir(catalog, { recursive: true });
  for (const [name, automation] of Object.entries(automations)) {
    await writeFile(join(catalog, `${name}.yaml`), JSON.stringify({ name, ...automation }));
  }
  const hub = opened.use(await startHub(bench, { data: join(folder, 'hub'), port: 0 }));
  const client = opened.use(connectToHub(hub));
  const environment = {
    FARHAND_HUB_URL: toWireUrl(hub.address, wire),
    FARHAND_DATA: agentFolder,
    FARHAND_AUTOMATIONS: catalog,
    FARHAND_SLOTS: String(slots),
    FARHAND_PROBES: probes,
    // Where a run is interrupted, its jobs end too.
    FARHAND_DRAIN_SECONDS: '0',
    FARHAND_DRAIN_THEN: 'cancel',
    FARHAND_GRACE_SECONDS: '1',
    ...agentEnvironment(hub),
  };
  const start = (more: Readonly<Record<string, string>>) =>
    startDaemon(bench.workplace, {
      program: bench.program,
      command: 'agent',
      environment: { ...environment, ...more },
    });
  const agent = opened.use(await start({ FARHAND_JOIN_TOKEN: await client.createJoinToken(1) }));
  const parts = opened.move();
  return {
    hub,
    agent,
    agentFolder,
    client,
    startAgent: (through = hub.address) => start({ FARHAND_HUB_URL: toWireUrl(through, wire) }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
