import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

export const sources = join(import.meta.dirname, '../cli/farhand.mjs');
const token = 'an-administrator-of-the-benchmarks-0123456789';

/** A process of which the system tells what it took. */
export interface Measured {
  /** CPU time so far, with that of nobody else. */
  cpuMs(): number;
  residentMb(): number;
  /** From its start to its word that it is ready, for an agent: online. `cpuMs` of it is what it computed. */
  readonly ready: { readonly ms: number; readonly cpuMs: number };
}

/** A hub and an agent as two processes, durable as always, with the automations of these benchmarks. */
export interface BenchPlace extends AsyncDisposable {
  readonly hub: Measured;
  readonly agent: Measured;
  /** Resolves with the id when the job is stored. */
  submit(automation: 'nothing' | 'moment'): Promise<string>;
  /** Resolves with the log when the job has ended. */
  log(id: string): Promise<string>;
}

/** What jobs run. `moment` prints when it started, in nanoseconds. */
export const commands = { nothing: ['true'], moment: ['date', '+%s%N'] } as const;

const Created = z.object({ id: z.string() });
const CreatedToken = z.object({ token: z.string() });

export async function createBenchPlace(options: {
  readonly slots: number;
  /** The sources of this checkout when left out. */
  readonly program?: string;
}): Promise<BenchPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-bench-'));
  for (const [name, run] of Object.entries(commands)) {
    await writeFile(join(folder, `${name}.yaml`), `name: ${name}\nkind: command\nrun: ${JSON.stringify(run)}\n`);
  }
  const environment = { FARHAND_LOG_LEVEL: 'warn', FARHAND_AUTOMATIONS: folder, FARHAND_SLOTS: String(options.slots) };
  const program = options.program ?? sources;
  const hub = await start(program, 'hub', {
    ...environment,
    FARHAND_LISTEN: '127.0.0.1:0',
    FARHAND_DATA: join(folder, 'hub'),
    FARHAND_ADMIN_TOKEN: token,
  });

  async function call(path: string, body?: object): Promise<Response> {
    const answer = await fetch(`${hub.address}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`expected an answer to ${path}, got ${answer.status}: ${await answer.text()}`);
    return answer;
  }

  const joining = CreatedToken.parse(await (await call('/join-tokens', { uses: 1 })).json());
  const agent = await start(program, 'agent', {
    ...environment,
    FARHAND_HUB_URL: hub.address.replace('http', 'ws'),
    FARHAND_JOIN_TOKEN: joining.token,
    FARHAND_DATA: join(folder, 'agent'),
  });

  return {
    hub: measure(hub),
    agent: measure(agent),
    submit: async (automation) => Created.parse(await (await call('/jobs', { automation })).json()).id,
    log: async (id) => (await call(`/jobs/${id}/log?follow=true`)).text(),
    async [Symbol.asyncDispose]() {
      await agent.stop();
      await hub.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a daemon and resolves when it says that it is ready. */
async function start(program: string, command: 'hub' | 'agent', environment: Readonly<Record<string, string>>) {
  const from = performance.now();
  const daemon = execa(process.execPath, [program, command], {
    env: environment,
    stderr: 'inherit',
    buffer: false,
    reject: false,
    forceKillAfterDelay: 5000,
  });
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  let said = '';
  daemon.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    const address = /ready.*?(https?:\/\/\S+)\n/.exec(said)?.[1];
    if (address !== undefined) resolve(address);
  });
  void daemon.then(() => reject(new Error(`expected ${command} to say that it is ready, it ended`)));
  const stop = async () => {
    daemon.kill();
    await daemon;
  };
  const pid = daemon.pid ?? 0;
  const address = await ready;
  return { address, pid, stop, ready: { ms: performance.now() - from, cpuMs: readCpuMs(pid) } };
}

function readCpuMs(pid: number): number {
  // Both in clock ticks of 10 ms: proc_pid_stat(5).
  const words = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return 10 * (Number(words[11]) + Number(words[12]));
}

function measure({ pid, ready }: { readonly pid: number; readonly ready: Measured['ready'] }): Measured {
  return {
    ready,
    cpuMs: () => readCpuMs(pid),
    residentMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024,
  };
}
