import { type Agent, createAgent } from '../../agent/agent.ts';
import { defaultAgentLimits } from '../../agent/agent-options.ts';
import type { Catalog } from '../../agent/automations/catalog.ts';
import { toDataFolder } from '../../agent/data-folder.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { requestTrust } from '../../agent/hub-guard.ts';
import { unknownPressure } from '../../agent/pressure/pressure.ts';
import type { UnknownFrame } from '../../protocol/parse-frame.ts';
import type { HubFrame } from '../../protocol/session-frame.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { FileSystem } from '../../runtime/file-system.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { defaultLimits } from '../../transports/limits.ts';
import type { MemoryConnection } from '../../transports/memory/connection.ts';
import { createMemoryTransport } from '../../transports/memory/memory-transport.ts';
import type { MemoryNetwork } from '../../transports/memory/network.ts';
import type { SessionTransport } from '../../transports/session-transport.ts';
import { noLoopLag } from '../support/no-loop-lag.ts';
import { type GuardedNetwork, guardNetwork } from './guarded-network.ts';
import type { JobScript } from './job-script.ts';
import { Machine } from './machine.ts';
import type { DiskFault } from './memory-file-system.ts';
import { openDisk } from './open-disk.ts';
import { createPodExecutor } from './pod-executor.ts';
import type { RunTruth } from './run-truth.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { createSimulatedExecutor } from './simulated-executor.ts';
import { hubAddress } from './simulated-hub.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { Launch } from './simulated-wrapper.ts';
import { repeatOpen, type SentOpen } from './stale-open.ts';
import { watchSessions } from './watched-sessions.ts';

const dataFolder = '/data';

export interface SimulatedAgentOptions {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly catalog: Catalog;
  readonly logger: Logger;
  readonly scriptOf: (job: string) => JobScript;
  readonly onOperation: (name: string) => void;
  readonly onRun: (run: RunTruth) => void;
  readonly onFence: (launch: Launch) => void;
  /** A process of it reads what the hub says of an attempt. */
  readonly onFrame: (attempt: string, frame: HubFrame | UnknownFrame, by: SimulatedProcess) => void;
  /** Where its commands run that are handed over. */
  readonly cluster: SimulatedCluster;
  /** Whose data folder it has a copy of; null: it has one of its own. */
  readonly copyOf: { readonly machine: Machine; readonly sameBoot: boolean } | null;
}

interface Running {
  readonly process: SimulatedProcess;
  readonly agent: Agent;
  readonly network: GuardedNetwork;
  readonly session: SessionTransport;
}

/** An agent's machine, and one process after another on it. */
export class SimulatedAgent {
  readonly name: string;
  readonly machine: Machine;
  readonly faults: DiskFault[] = [];
  /** Ids of the folders of attempts that were taken from under it. */
  readonly lostFolders = new Set<string>();
  /** When there was a process of it that took care of its jobs, by the clock of the world. */
  readonly lives: { readonly fromMs: number; untilMs: number }[] = [];
  /** Nobody gets through to the hub. */
  isCutOff = false;
  readonly #options: SimulatedAgentOptions;
  readonly #opens: SentOpen[] = [];
  #running: Running | null = null;
  #starts = 0;

  constructor(options: SimulatedAgentOptions) {
    this.#options = options;
    this.name = options.name;
    const { clock, onRun, onFence } = options;
    const { copyOf } = options;
    this.machine = new Machine({
      name: options.name,
      clock,
      random: options.random.fork('machine'),
      onRun,
      onFence,
      copyOf,
    });
    if (copyOf === null) this.#makeFolder();
  }

  #makeFolder(): void {
    const { disk } = this.machine;
    const options = this.#options;
    disk.mkdir(`${dataFolder}/attempts`, true);
    disk.mkdir(`${dataFolder}/tombstones`, true);
    const identity = disk.open(`${dataFolder}/identity.json`, 'w');
    disk.write(identity, Buffer.from(JSON.stringify({ id: options.id, name: options.name, account: 'default' })), {
      at: 0,
    });
    disk.beginFlush(identity)();
    for (const path of ['', dataFolder]) disk.beginFolderFlush(path)();
  }

  get process(): SimulatedProcess | null {
    return this.#running?.process ?? null;
  }

  get agent(): Agent | null {
    return this.#running?.agent ?? null;
  }

  connections(which: 'control' | 'sessions' | 'all'): readonly MemoryConnection[] {
    const all = this.#running?.network.connections() ?? [];
    return all.filter(({ target }) => which === 'all' || (target === '/v1/control') === (which === 'control'));
  }

  /** Ids of attempts that have a folder. */
  folders(): readonly string[] {
    return this.machine.disk.list(`${dataFolder}/attempts`);
  }

  start(): { readonly process: SimulatedProcess; readonly agent: Agent } {
    this.#running = this.#begin(this.#options.onOperation);
    this.lives.push({ fromMs: this.#options.clock.monotonic(), untilMs: Number.POSITIVE_INFINITY });
    return this.#running;
  }

  /** A second one on the same folder, while the first lives or not. Whoever starts it kills it. */
  startSecond(onOperation: (name: string) => void): { readonly process: SimulatedProcess; readonly agent: Agent } {
    return this.#begin(onOperation);
  }

  /** The content of a file of an attempt; null where there is none. */
  read(attempt: string, name: string): string | null {
    const { disk } = this.machine;
    const path = `${dataFolder}/attempts/${attempt}/${name}`;
    return disk.lstat(path) === null ? null : disk.readFile(path).toString();
  }

  #begin(onOperation: (name: string) => void): Running {
    const { clock, random, catalog, name, slots, scriptOf, onFrame, cluster } = this.#options;
    const { machine } = this;
    this.#starts += 1;
    const processName = `${name}#${this.#starts}`;
    const own = random.fork(processName);
    const process = new SimulatedProcess({
      name: processName,
      clock,
      wallOffsetMs: () => machine.wallOffsetMs,
      onOperation,
    });
    const logger = this.#options.logger.child({ process: processName });
    const fileSystem = this.#openDisk(process, own);
    const network = guardNetwork(this.#options.network, { process, isCutOff: () => this.isCutOff });
    const wire = { network: network.network, address: hubAddress, clock: process.clock, limits: defaultLimits, logger };
    const { control, session } = createMemoryTransport(wire);
    const transport = {
      control,
      session: watchSessions(session, {
        onFrame: (attempt, frame) => onFrame(attempt, frame, process),
        onSent: (target, frame) => {
          if (frame.type === 'open') this.#opens.push({ target, frame });
        },
      }),
    };
    const agent = createAgent({
      dataFolder,
      name,
      labels: {},
      slots,
      version: 'simulated',
      mode: { type: 'daemon' },
      enrolment: null,
      ways: [{ url: 'memory://hub', ...transport }],
      catalog,
      executors: createExecutors(createSimulatedExecutor({ machine, process, fileSystem, scriptOf }), [
        createPodExecutor({ cluster, owner: name, process, fileSystem, random: own }),
      ]),
      probeRunner: null,
      limits: defaultAgentLimits,
      machineBootId: machine.bootId,
      environment: {},
      clock: process.clock,
      random: own,
      logger,
      fileSystem,
      watchFolder: (path, onChange) => machine.watch(path, () => process.isAlive && onChange()),
      freeBytes: () => machine.disk.freeBytes(),
      loopLag: noLoopLag,
      pressure: () => unknownPressure,
      loops: createLoopBoard(process.clock),
      jobLog: null,
      kubernetes: null,
      orchestrators: [],
      fetch: () => Promise.reject(new Error('nobody enrols in the simulation')),
      network: null,
      takeOwnerLock: () => machine.takeLock(process),
    });
    return { process, agent, network, session };
  }

  /** The process is dead. `power`: its machine too, and nobody is told. */
  crash(how: 'kill' | 'power'): void {
    const running = this.#running;
    if (running === null) return;
    const connections = running.network.connections();
    running.process.kill();
    this.#endLife();
    this.#running = null;
    for (const connection of connections) {
      if (how === 'kill') connection.cut();
      else for (const direction of ['up', 'down'] as const) connection.silence(direction);
    }
    if (how === 'power') this.machine.losePower();
  }

  /** Left in order: resolves when it is gone. */
  async leave(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#endLife();
    await running.agent[Symbol.asyncDispose]();
    running.process.kill();
    if (this.#running === running) this.#running = null;
  }

  /** One of its newest opens comes again, out of its time: whoever kept it back is nobody who acts on the answer. */
  async repeatOpen(pick: number): Promise<void> {
    const stale = this.#opens.at(-1 - pick);
    const running = this.#running;
    if (stale !== undefined && running !== null) await repeatOpen(running.session, stale, this.#options.clock);
  }

  #endLife(): void {
    const life = this.lives.at(-1);
    if (life !== undefined) life.untilMs = Math.min(life.untilMs, this.#options.clock.monotonic());
  }

  /** Its attempts, its tombstones and what it knew of the hub are gone. Who it is stays. */
  loseDisk(): void {
    const { disk } = this.machine;
    for (const attempt of this.folders()) {
      const claim = this.read(attempt, 'claim.json');
      // One that is torn is as good as none.
      const [, id = null] = /"folderId":\s*"([^"]+)"/.exec(claim ?? '') ?? [];
      if (id !== null) this.lostFolders.add(id);
    }
    for (const name of ['attempts', 'tombstones', 'hub.json']) disk.wipe(`${dataFolder}/${name}`);
    for (const name of ['attempts', 'tombstones']) disk.mkdir(`${dataFolder}/${name}`, false);
    disk.beginFolderFlush(dataFolder)();
  }

  /** Somebody on its machine trusts the hub's store. */
  async trustHub(): Promise<void> {
    const { clock, onOperation } = this.#options;
    const process = new SimulatedProcess({ name: 'trust-hub', clock, wallOffsetMs: () => 0, onOperation });
    await requestTrust(this.#openDisk(process, this.#options.random), toDataFolder(dataFolder)).catch(() => {});
  }

  #openDisk(process: SimulatedProcess, random: SeededRandom): FileSystem {
    const { clock } = this.#options;
    return openDisk({ disk: this.machine.disk, process, faults: this.faults, clock, random });
  }
}
