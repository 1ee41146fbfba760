import { PodFaultDriver } from './pod-fault-driver.ts';
import type { Fault } from './schedule.ts';
import type { SimulatedAgent } from './simulated-agent.ts';
import type { HubCopy } from './simulated-hub.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';

/** What goes wrong of itself on a machine is repaired by then. */
const looksMs = 5_000;

/** Makes the faults of a schedule happen, and ends them all when their time is over. */
export class FaultDriver {
  readonly #world: World;
  readonly #seconds = new Set<SimulatedProcess>();
  readonly #pods: PodFaultDriver;
  /** The hub's files are being replaced: it must not start meanwhile. */
  #restoring = 0;

  constructor(world: World) {
    this.#world = world;
    this.#pods = new PodFaultDriver(world);
    for (const fault of world.schedule.faults) this.#plan(fault);
  }

  /** From here on nothing goes wrong, and whoever is down comes back. */
  async heal(): Promise<void> {
    const { hub, agents, network, trace } = this.#world;
    trace.event('faults end');
    this.#world.isHealed = true;
    this.#pods.heal();
    Object.assign(network.faults, { latencyMs: 0, jitterMs: 0, drop: 0, double: 0, late: 0 });
    hub.faults.length = 0;
    for (const agent of agents) {
      agent.isCutOff = false;
      agent.faults.length = 0;
      agent.machine.disk.capacity = Number.POSITIVE_INFINITY;
      for (const connection of agent.connections('all'))
        for (const direction of ['up', 'down'] as const) connection.release(direction);
      agent.process?.disarm();
      this.#world.startAgent(agent);
    }
    for (const copy of this.#world.copies) copy.crash('power');
    for (const process of this.#seconds) process.kill();
    hub.process?.disarm();
    if (this.#restoring === 0) this.#world.startHub();
    this.#trustWhereAsked();
  }

  /** Somebody looks at the agents now and then, and trusts a store that is another one. */
  #trustWhereAsked(): void {
    const { agents, clock } = this.#world;
    for (const agent of agents) {
      if (agent.agent?.status().health.state === 'store-changed') void this.#trust(agent);
      this.#world.startAgent(agent);
    }
    clock.schedule(looksMs, () => this.#trustWhereAsked());
  }

  #trust(agent: SimulatedAgent): Promise<void> {
    this.#world.trace.event(`${agent.name} is told to trust the hub`);
    this.#world.stores.trusted(agent.name, this.#world.clock.monotonic());
    return agent.trustHub();
  }

  #plan(fault: Fault): void {
    const { clock, hub } = this.#world;
    let copy: HubCopy | null = null;
    let agentCopy: SimulatedAgent | null = null;
    if (fault.type === 'copy-folder') {
      clock.schedule(fault.fromMs, () => {
        const agent = this.#agentOf(fault);
        if (agent !== undefined && !this.#world.isHealed) agentCopy = this.#world.copyAgent(agent, fault);
      });
    }
    if (fault.type === 'restore-store') {
      clock.schedule(fault.fromMs, () => {
        copy = hub.copy();
        this.#world.trace.event('the store is copied');
      });
    }
    clock.schedule(fault.atMs, () => {
      if (this.#world.isHealed) return;
      this.#world.trace.event(`fault: ${JSON.stringify(fault)}`);
      if (fault.type === 'copy-folder' && agentCopy !== null) this.#runCopy(agentCopy, fault.forMs);
      this.#begin(fault, copy);
    });
  }

  #begin(fault: Fault, copy: HubCopy | null): void {
    const world = this.#world;
    const { clock, hub, network } = world;
    const agent = this.#agentOf(fault);
    switch (fault.type) {
      case 'crash':
        return this.#arm(fault, agent);
      case 'leave':
        if (agent !== undefined && agent.process !== null) this.#leave(agent, fault.downMs);
        return;
      case 'cut':
        for (const connection of agent?.connections(fault.which) ?? [])
          connection.cutAfter(fault.direction, { messages: fault.afterMessages });
        return;
      case 'partition':
        if (agent !== undefined) this.#partition(fault, agent);
        return;
      case 'lossy':
        Object.assign(network.faults, {
          drop: fault.drop,
          double: fault.double,
          late: fault.late,
          lateMs: fault.lateMs,
        });
        clock.schedule(fault.forMs, () => Object.assign(network.faults, { drop: 0, double: 0, late: 0 }));
        return;
      case 'slow':
        Object.assign(network.faults, { latencyMs: fault.latencyMs, jitterMs: fault.jitterMs });
        clock.schedule(fault.forMs, () => Object.assign(network.faults, { latencyMs: 0, jitterMs: 0 }));
        return;
      case 'kill-job': {
        const alive = [...(agent?.machine.wrappers.values() ?? [])].filter((one) => one.isTreeAlive || one.isSinkAlive);
        const wrapper = alive[fault.pick % Math.max(alive.length, 1)];
        if (wrapper === undefined) return;
        world.trace.event(`the ${fault.what} of attempt ${wrapper.launch.attempt} is killed`);
        if (fault.what === 'wrapper') wrapper.killWrapperOnly();
        else if (fault.what === 'command') wrapper.killProgramOnly();
        else if (fault.what === 'sink') wrapper.killSink();
        else wrapper.end('killed');
        return;
      }
      case 'disk-full':
        if (agent === undefined) return;
        agent.machine.disk.capacity = agent.machine.disk.usedBytes() + fault.leftBytes;
        clock.schedule(fault.forMs, () => {
          agent.machine.disk.capacity = Number.POSITIVE_INFINITY;
        });
        return;
      case 'disk-error': {
        const faults = fault.who === 'hub' ? hub.faults : agent?.faults;
        faults?.push({ code: fault.code, on: fault.on, left: fault.operations });
        return;
      }
      case 'lose-disk':
        if (agent === undefined) return;
        if (fault.downMs > 0) this.#crashAgent(agent, 'kill', fault.downMs);
        agent.loseDisk();
        return;
      case 'stale-open':
        void agent?.repeatOpen(fault.pick);
        return;
      case 'second-agent':
        if (agent !== undefined) this.#startSecond(agent, fault.forMs);
        return;
      case 'copy-folder':
        return;
      case 'restore-store':
        if (copy !== null) void this.#restore(fault, copy);
        return;
      case 'clock-jump':
        if (fault.who === 'hub') hub.wallOffsetMs += fault.byMs;
        else if (agent !== undefined) agent.machine.wallOffsetMs += fault.byMs;
        return;
      default:
        return this.#pods.begin(fault);
    }
  }

  #agentOf(fault: Fault): SimulatedAgent | undefined {
    const { agents } = this.#world;
    return 'agent' in fault ? agents[fault.agent % agents.length] : undefined;
  }

  /** It must find the folder taken, and touch nothing. */
  #startSecond(agent: SimulatedAgent, forMs: number): void {
    const { clock, trace } = this.#world;
    const first = agent.process;
    if (first === null) return;
    trace.event(`a second agent is started on the folder of ${agent.name}`);
    const second = agent.startSecond((name) => {
      if (first.isAlive) this.#world.violates(`a second agent on the folder of ${agent.name} does "${name}"`);
    });
    this.#seconds.add(second.process);
    const kill = () => second.process.kill();
    void second.agent.ended.then(kill);
    clock.schedule(forMs, kill);
  }

  #runCopy(copy: SimulatedAgent, forMs: number): void {
    const { clock, trace } = this.#world;
    trace.event(`${copy.name} starts`);
    copy.start();
    clock.schedule(forMs, () => copy.crash('power'));
  }

  #arm(fault: Extract<Fault, { type: 'crash' }>, agent: SimulatedAgent | undefined): void {
    const { operations, on, when, how, downMs } = fault;
    const process = fault.who === 'hub' ? this.#world.hub.process : agent?.process;
    process?.arm({
      operations,
      on,
      when,
      strike: () => {
        if (fault.who === 'hub') this.#crashHub(how, downMs);
        else if (agent !== undefined) this.#crashAgent(agent, how, downMs);
      },
    });
  }

  #crashHub(how: 'kill' | 'power', downMs: number): void {
    this.#world.crashHub(how);
    this.#world.clock.schedule(downMs, () => {
      if (this.#restoring === 0) this.#world.startHub();
    });
  }

  #crashAgent(agent: SimulatedAgent, how: 'kill' | 'power', downMs: number): void {
    this.#world.crashAgent(agent, how);
    this.#world.clock.schedule(downMs, () => this.#world.startAgent(agent));
  }

  #leave(agent: SimulatedAgent, downMs: number): void {
    const { process } = agent;
    void agent.leave().then(() => this.#world.trace.event(`${agent.name} left`));
    // A supervisor that waits in vain kills it.
    this.#world.clock.schedule(downMs + looksMs, () => {
      if (agent.process === process) this.#world.crashAgent(agent, 'kill');
      this.#world.startAgent(agent);
    });
  }

  #partition(fault: Extract<Fault, { type: 'partition' }>, agent: SimulatedAgent): void {
    const directions = fault.direction === 'both' ? (['up', 'down'] as const) : [fault.direction];
    const connections = agent.connections('all');
    agent.isCutOff = fault.noDials;
    for (const connection of connections)
      for (const direction of directions) {
        if (fault.vanish) connection.silence(direction);
        else connection.hold(direction);
      }
    this.#world.clock.schedule(fault.forMs, () => {
      agent.isCutOff = false;
      for (const connection of connections) for (const direction of directions) connection.release(direction);
    });
  }

  async #restore(fault: Extract<Fault, { type: 'restore-store' }>, copy: HubCopy): Promise<void> {
    const { hub, clock, states, agents } = this.#world;
    this.#world.crashHub('kill');
    this.#restoring += 1;
    await new Promise<void>((resolve) => void clock.schedule(fault.downMs, resolve));
    states.forget();
    this.#world.lateCancels.forget();
    this.#world.stores.restored(fault.how, clock.monotonic());
    await hub.restore(copy, fault);
    this.#restoring -= 1;
    if (this.#restoring === 0) this.#world.startHub();
    clock.schedule(fault.trustAfterMs, () => {
      for (const agent of agents) if (agent.agent?.status().health.state === 'store-changed') void this.#trust(agent);
    });
  }
}
