import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Measure } from '../bench.ts';
import { startBullmqPeer } from '../peers/bullmq-peer.ts';
import { type SshPeer, startSshPeer } from '../peers/ssh-peer.ts';
import { createPlace, type Place } from '../place.ts';
import {
  findDescendants,
  listProcesses,
  type Memory,
  readMemory,
  readName,
  readWorkingFolder,
} from '../process-facts.ts';
import type { Row, Table } from '../report/table.ts';
import { restCommand } from '../rest-command.ts';

const pollMs = 50;
const patienceMs = 60_000;

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = performance.now() + patienceMs; !(await isSo()); await delay(pollMs)) {
    if (performance.now() > deadline) throw new Error(`expected ${what} within ${patienceMs} ms`);
  }
}

function sum(pids: readonly number[]): Memory {
  const all = pids.map(readMemory);
  const add = (pick: (memory: Memory) => number) => all.reduce((total, memory) => total + pick(memory), 0);
  return {
    residentBytes: add((memory) => memory.residentBytes),
    proportionalBytes: add((memory) => memory.proportionalBytes),
  };
}

/** What the agent started and what works in its attempts: launchers, wrappers, sinks, commands. Not its probes. */
function findJobProcesses({ agent, agentFolder }: Place): readonly number[] {
  const working = listProcesses().filter((pid) => readWorkingFolder(pid).startsWith(`${agentFolder}/attempts/`));
  const started = findDescendants(agent.pid).filter(
    (pid) => !readWorkingFolder(pid).startsWith(`${agentFolder}/probes/`),
  );
  return [...new Set([...working, ...started])];
}

const isCommand = (pid: number) => readName(pid) === restCommand[0];

interface Found {
  readonly hub: Memory;
  readonly agent: Memory;
  /** Launcher shells that wait for jobs. */
  readonly waiting: Memory;
  /** Each divided by the number of jobs. */
  readonly perJob: { readonly agent: Memory; readonly beside: Memory; readonly processes: number };
}

function perJob(more: Memory, less: Memory, jobs: number): Memory {
  return {
    residentBytes: (more.residentBytes - less.residentBytes) / jobs,
    proportionalBytes: (more.proportionalBytes - less.proportionalBytes) / jobs,
  };
}

const none: Memory = { residentBytes: 0, proportionalBytes: 0 };

async function look(bench: Bench, automation: object): Promise<Found> {
  const { jobs, settleMs } = bench.sizes.memory;
  await using place = await createPlace(bench, { slots: jobs, automations: { rest: automation }, probes: 'shipped' });
  await delay(settleMs);
  const hub = readMemory(place.hub.pid);
  const agent = readMemory(place.agent.pid);
  const waiting = sum(findJobProcesses(place));

  const ids = await Promise.all(Array.from({ length: jobs }, () => place.client.submit({ automation: 'rest' })));
  await until(`${jobs} commands`, () => findJobProcesses(place).filter(isCommand).length === jobs);
  await delay(settleMs);
  const beside = findJobProcesses(place).filter((pid) => !isCommand(pid));
  const found = {
    hub,
    agent,
    waiting,
    perJob: {
      agent: perJob(readMemory(place.agent.pid), agent, jobs),
      beside: perJob(sum(beside), none, jobs),
      processes: beside.length / jobs,
    },
  };
  for (const id of ids) await place.client.cancel(id);
  await Promise.all(ids.map((id) => place.client.waitForEnd(id)));
  return found;
}

async function lookAtBareNode(bench: Bench): Promise<Memory> {
  const args = ['--eval', 'setInterval(() => {}, 1e9)'];
  const node = await bench.workplace.start(process.execPath, args, { stdio: 'ignore' });
  await delay(bench.sizes.memory.settleMs / 2);
  const memory = readMemory(node.pid);
  await node.stop();
  return memory;
}

async function lookAtBullmq(bench: Bench): Promise<readonly Row[]> {
  const { jobs, settleMs } = bench.sizes.memory;
  await using peer = await startBullmqPeer(bench, { fsync: 'always', atOnce: jobs, workers: 1 });
  await delay(settleMs);
  const before = readMemory(peer.workerPid);
  const redis = readMemory(peer.redisPid);
  for (let left = jobs; left > 0; left -= 1) await peer.addResting();
  await until(`${jobs} commands of BullMQ`, () => findDescendants(peer.workerPid).filter(isCommand).length === jobs);
  await delay(settleMs);
  const more = perJob(readMemory(peer.workerPid), before, jobs);
  for (const pid of findDescendants(peer.workerPid)) process.kill(pid);
  return [
    toRow('BullMQ: worker, idle', before),
    toRow('BullMQ: redis-server', redis),
    toRow('BullMQ: added in the worker per running job', more),
  ];
}

async function lookAtSsh(bench: Bench, ssh: SshPeer): Promise<Row> {
  const jobs = Math.min(bench.sizes.memory.jobs, 10);
  const before = sum(findDescendants(ssh.pid));
  const [program, ...args] = ssh.argv('own');
  // `cat` ends with the connection, where `sleep` would stay behind.
  const clients = await Promise.all(
    Array.from({ length: jobs }, () =>
      bench.workplace.start(program, [...args, 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] }),
    ),
  );
  const isJob = (pid: number) => readName(pid) === 'cat';
  await until(`${jobs} commands of ssh`, () => findDescendants(ssh.pid).filter(isJob).length === jobs);
  const more = perJob(sum(findDescendants(ssh.pid).filter((pid) => !isJob(pid))), before, jobs);
  for (const client of clients) await client.stop();
  return toRow('ssh localhost: sshd per connection, beside its command', more);
}

function toRow(what: string, { residentBytes, proportionalBytes }: Memory): Row {
  return { what, cells: [residentBytes / 1e6, proportionalBytes / 1e6] };
}

function judge(row: Row, column: 0 | 1, atMost: number): Row {
  const value = Number(row.cells[column]);
  return { ...row, target: { text: `${column === 0 ? 'RSS' : 'PSS'} ≤ ${atMost} MB`, met: value <= atMost } };
}

function toTable(
  jobs: number,
  plain: Found,
  sunk: Found,
  rest: { readonly rows: readonly Row[]; readonly notes: readonly string[] },
): Table {
  return {
    title: 'Memory, MB',
    columns: ['RSS', 'PSS'],
    rows: [
      judge(toRow('agent, idle', plain.agent), 0, 80),
      toRow('agent: its waiting launcher shells', plain.waiting),
      toRow('hub, idle', plain.hub),
      judge(toRow(`agent: added per running job, of ${jobs}`, plain.perJob.agent), 0, 0.5),
      judge(
        toRow(
          `wrapper and launcher beside the command (${plain.perJob.processes.toFixed(1)} processes)`,
          plain.perJob.beside,
        ),
        1,
        2,
      ),
      judge(
        toRow(
          `the same with a sink, \`over: gap\` (${sunk.perJob.processes.toFixed(1)} processes)`,
          sunk.perJob.beside,
        ),
        1,
        2,
      ),
      ...rest.rows,
    ],
    notes: [
      'RSS counts pages that processes share in each of them, PSS its part of them: what is given back when the process ends lies between. What an agent gains with the first jobs it keeps, so that a few jobs cost more each than many.',
      ...rest.notes,
    ],
  };
}

export const memory: Measure = {
  name: 'memory',
  about: 'what an agent takes idle and per running job, and what stands beside a command',
  async run(bench) {
    const rest = { kind: 'command', run: restCommand };
    const plain = await look(bench, rest);
    const sunk = await look(bench, { ...rest, log: { limitBytes: 2 ** 40, over: 'gap' } });
    const rows: Row[] = [toRow('limit: a bare Node, idle', await lookAtBareNode(bench))];
    const notes: string[] = [];
    if (bench.peers.has('bullmq')) {
      try {
        rows.push(...(await lookAtBullmq(bench)));
      } catch (error) {
        notes.push(`BullMQ is missing: ${error instanceof Error ? error.message : String(error)}.`);
      }
    }
    if (bench.peers.has('ssh')) {
      await using ssh = await startSshPeer(bench.workplace);
      if (ssh === null) notes.push('ssh is missing: OpenSSH is not installed (Debian: openssh-server).');
      else rows.push(await lookAtSsh(bench, ssh));
    }
    return [toTable(bench.sizes.memory.jobs, plain, sunk, { rows, notes })];
  },
};
