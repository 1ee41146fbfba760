import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '../../client/client.ts';
import { type Daemon, startDaemon } from '../daemon.ts';
import { type LogText, writeLogText } from '../log-text.ts';
import type { Workplace } from '../workplace.ts';
import { SoakAgent } from './soak-agent.ts';
import { soakAutomations } from './soak-automations.ts';

const adminToken = 'an-administrator-of-the-soak-0123456789';
const agentNames = ['agent a', 'agent b', 'agent c'] as const;
const slots = 16;
/** For so long agents leave without their jobs, which the next one adopts. */
const drainSeconds = '0';

/** So little is kept that retention has work all the time, and so little time that it removes some of everything within minutes. */
const keep = {
  FARHAND_KEEP_JOBS: '1500',
  FARHAND_KEEP_JOBS_DAYS: '0.005',
  FARHAND_KEEP_LOG_BYTES: '128MiB',
  FARHAND_KEEP_AT_LEAST_HOURS: '0',
  FARHAND_KEEP_AUDIT_DAYS: '0.005',
};

/** A hub and three agents, as processes of their own. */
export interface SoakPlace extends AsyncDisposable {
  readonly hub: Daemon;
  readonly hubFolder: string;
  /** The last is the one that is restarted now and then. */
  readonly agents: readonly SoakAgent[];
  readonly client: Client;
  readonly text: LogText;
  /** The file to which all agents write the lines of their jobs. */
  readonly jobLog: string;
}

export async function createSoakPlace({
  workplace,
  program,
  nodeOptions,
}: {
  readonly workplace: Workplace;
  readonly program: string;
  readonly nodeOptions: readonly string[];
}): Promise<SoakPlace> {
  await using opened = new AsyncDisposableStack();
  const folder = workplace.path('soak');
  const hubFolder = join(folder, 'hub');
  const catalog = join(folder, 'automations');
  const jobLog = join(folder, 'job-log');
  await mkdir(catalog, { recursive: true });
  const text = await writeLogText(join(folder, 'text'));
  for (const [name, automation] of Object.entries(soakAutomations(text.path))) {
    await writeFile(join(catalog, `${name}.yaml`), JSON.stringify({ name, ...automation }));
  }
  const hub = opened.use(
    await startDaemon(workplace, {
      program,
      command: 'hub',
      nodeOptions,
      environment: {
        FARHAND_LISTEN: '127.0.0.1:0',
        FARHAND_DATA: hubFolder,
        FARHAND_ADMIN_TOKEN: adminToken,
        ...keep,
      },
    }),
  );
  const client = createClient({ address: hub.address, token: adminToken });
  const { token } = await client.createJoinToken({ uses: agentNames.length });
  const agents: SoakAgent[] = [];
  for (const name of agentNames) {
    const data = join(folder, name.replace(' ', '-'));
    const start = () =>
      startDaemon(workplace, {
        program,
        command: 'agent',
        nodeOptions,
        environment: {
          FARHAND_HUB_URL: hub.address.replace('http', 'ws'),
          FARHAND_NAME: name.replace(' ', '-'),
          FARHAND_JOIN_TOKEN: token,
          FARHAND_DATA: data,
          FARHAND_AUTOMATIONS: catalog,
          FARHAND_SLOTS: String(slots),
          FARHAND_STATUS_LISTEN: '127.0.0.1:0',
          FARHAND_JOB_LOG: jobLog,
          FARHAND_GRACE_SECONDS: '2',
          FARHAND_DRAIN_SECONDS: drainSeconds,
        },
      });
    agents.push(opened.use(await SoakAgent.start({ name, folder: data, start })));
  }
  const parts = opened.move();
  return { hub, hubFolder, agents, client, text, jobLog, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
