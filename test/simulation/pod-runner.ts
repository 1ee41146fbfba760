import { defaultAgentLimits } from '../../agent/agent-options.ts';
import type { CommandHandover } from '../../agent/automations/prepared-command.ts';
import { type Runner, type RunnerEnd, startRunner } from '../../agent/runner/runner.ts';
import { readRunnerCatalog } from '../../agent/runner/runner-catalog.ts';
import type { RunnerOrder } from '../../agent/runner/runner-order.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { defaultLimits } from '../../transports/limits.ts';
import type { MemoryConnection } from '../../transports/memory/connection.ts';
import { createMemoryTransport } from '../../transports/memory/memory-transport.ts';
import type { MemoryNetwork } from '../../transports/memory/network.ts';
import type { SessionTransport } from '../../transports/session-transport.ts';
import { simulatedKind } from './automations.ts';
import { type GuardedNetwork, guardNetwork } from './guarded-network.ts';
import type { Machine } from './machine.ts';
import { openDisk } from './open-disk.ts';
import type { PodPipes } from './pod-pipes.ts';
import type { SeededRandom } from './seeded-random.ts';
import { hubAddress } from './simulated-hub.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { SentOpen } from './stale-open.ts';
import { watchSessions } from './watched-sessions.ts';

/** What the hub said to the folder that a runner opened with. */
export interface RunnerHeard {
  readonly folderId: string;
  readonly hasDocument: boolean;
  readonly hasSecrets: boolean;
  readonly by: SimulatedProcess;
}

export interface PodRunnerOptions {
  readonly name: string;
  readonly order: RunnerOrder;
  readonly handover: CommandHandover;
  readonly shared: string;
  readonly memory: string;
  readonly comeMs: number;
  readonly machine: Machine;
  readonly pipes: PodPipes;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly logger: Logger;
  readonly isCutOff: () => boolean;
  readonly onOperation: (name: string) => void;
  readonly onFrame: (heard: RunnerHeard) => void;
  readonly onOpen: (open: SentOpen) => void;
  /** It left by itself. */
  readonly onEnded: (end: RunnerEnd) => void;
}

/** One process of a pod's runner, as `farhand runner` makes it. */
export class PodRunner {
  readonly process: SimulatedProcess;
  readonly session: SessionTransport;
  readonly #options: PodRunnerOptions;
  readonly #network: GuardedNetwork;
  #runner: Runner | null = null;
  #stopMs: number | null = null;

  constructor(options: PodRunnerOptions) {
    const { name, machine, clock, network, isCutOff, onOperation } = options;
    this.#options = options;
    this.process = new SimulatedProcess({
      name,
      clock,
      wallOffsetMs: () => machine.wallOffsetMs,
      onOperation,
    });
    this.#network = guardNetwork(network, { process: this.process, isCutOff });
    this.session = this.#createTransport().session;
  }

  connections(): readonly MemoryConnection[] {
    return this.#network.connections();
  }

  start(): void {
    void this.#run();
  }

  /** A TERM to it. */
  stop(graceMs: number): void {
    this.#stopMs = graceMs;
    void this.#runner?.stop(graceMs);
  }

  kill(): void {
    const connections = this.connections();
    this.process.kill();
    for (const connection of connections) connection.cut();
  }

  async #run(): Promise<void> {
    const { process } = this;
    const runner = await this.#startRunner();
    if (!process.isAlive) return;
    this.#runner = runner;
    if (this.#stopMs !== null) void runner.stop(this.#stopMs);
    const end = await runner.ended;
    if (!process.isAlive) return;
    await runner[Symbol.asyncDispose]();
    if (process.isAlive) this.#options.onEnded(end);
  }

  #startRunner(): Promise<Runner> {
    const { order, handover, shared, memory, comeMs, machine, pipes, clock, random } = this.#options;
    const { process } = this;
    return startRunner({
      order,
      shared,
      memory,
      openPipes: () => pipes.openAsRunner(process),
      readTicket: () => process.through('read ticket', () => handover.ticket),
      catalog: readRunnerCatalog(
        { path: '/order/automation.yaml', text: handover.automation },
        { name: order.automation, kinds: [simulatedKind] },
      ),
      ways: [{ url: 'memory://hub', ...this.#createTransport(), session: this.#watchSessions() }],
      limits: defaultAgentLimits.attempt,
      comeMs,
      holdMs: 86_400_000,
      machineBootId: machine.bootId,
      fileSystem: openDisk({ disk: machine.disk, process, faults: [], clock, random }),
      watchFolder: (path, onChange) => machine.watch(path, () => process.isAlive && onChange()),
      freeBytes: () => machine.disk.freeBytes(),
      clock: process.clock,
      random,
      logger: this.#logger(),
    });
  }

  #watchSessions(): SessionTransport {
    const { onFrame, onOpen } = this.#options;
    let folderId = '';
    return watchSessions(this.session, {
      onFrame: (_, frame) => {
        if (frame.type !== 'job') return;
        const [hasDocument, hasSecrets] = [frame.document !== null, frame.secrets !== null];
        onFrame({ folderId, hasDocument, hasSecrets, by: this.process });
      },
      onSent: (target, frame) => {
        if (frame.type !== 'open') return;
        folderId = frame.folderId;
        onOpen({ target, frame });
      },
    });
  }

  #createTransport() {
    return createMemoryTransport({
      network: this.#network.network,
      address: hubAddress,
      clock: this.process.clock,
      limits: defaultLimits,
      logger: this.#logger(),
    });
  }

  #logger(): Logger {
    return this.#options.logger.child({ process: this.#options.name });
  }
}
