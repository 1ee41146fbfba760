import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { createHubClient, type HubClient } from './hub-client.ts';

/** A hub and an agent as processes of their own, durable as always. */
export interface Place extends AsyncDisposable {
  readonly hub: Daemon;
  readonly agent: Daemon;
  readonly client: HubClient;
}

export interface PlaceOptions {
  readonly slots: number;
  /** Automations by name: what their YAML files hold. JSON is YAML. */
  readonly automations: Readonly<Record<string, object>>;
}

export const adminToken = 'an-administrator-of-the-benchmarks-0123456789';

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

export async function createPlace(bench: Bench, { slots, automations }: PlaceOptions): Promise<Place> {
  await using opened = new AsyncDisposableStack();
  const folder = bench.workplace.path('place');
  const catalog = join(folder, 'automations');
  await mkdir(catalog, { recursive: true });
  for (const [name, automation] of Object.entries(automations)) {
    await writeFile(join(catalog, `${name}.yaml`), JSON.stringify({ name, ...automation }));
  }
  const hub = opened.use(await startHub(bench, { data: join(folder, 'hub'), port: 0 }));
  const client = opened.use(createHubClient(hub.address, adminToken));
  const agent = opened.use(
    await startDaemon(bench.workplace, {
      program: bench.program,
      command: 'agent',
      environment: {
        FARHAND_HUB_URL: hub.address.replace('http', 'ws'),
        FARHAND_JOIN_TOKEN: await client.createJoinToken(1),
        FARHAND_DATA: join(folder, 'agent'),
        FARHAND_AUTOMATIONS: catalog,
        FARHAND_SLOTS: String(slots),
        // What it found out about the machine would be measured with the jobs.
        FARHAND_PROBES: 'none',
        // Where a run is interrupted, its jobs end too.
        FARHAND_DRAIN_SECONDS: '0',
        FARHAND_DRAIN_THEN: 'cancel',
        FARHAND_GRACE_SECONDS: '1',
      },
    }),
  );
  const parts = opened.move();
  return { hub, agent, client, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
