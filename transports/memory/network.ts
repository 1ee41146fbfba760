import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { Admission } from '../credential.ts';
import { type ConnectionEnd, createConnection, type MemoryConnection } from './connection.ts';
import { createMemoryFaults, type MemoryFaults } from './faults.ts';

/** The listener's end of a new connection. */
export interface MemoryLine {
  readonly id: string;
  readonly end: ConnectionEnd;
}

/** Who takes dials at an address. */
export interface MemoryAcceptor {
  /** Answers in its own time. Calls `open` to admit somebody; null says that the dial was given up. */
  take(
    request: { readonly presented: string; readonly target: string },
    open: () => MemoryLine | null,
  ): Promise<Admission<null>>;
}

/** A network inside the process. Its owner watches it and breaks it. */
export interface MemoryNetwork {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: MemoryFaults;
  /** Those that at least one end still holds, in the order they were made. */
  readonly connections: readonly MemoryConnection[];
  /** Calls `watcher` with each connection that is made, before anything travels on it. */
  watch(watcher: (connection: MemoryConnection) => void): void;
  /** Who takes dials at `address`; null where nobody does. */
  acceptorAt(address: string): MemoryAcceptor | null;
  bind(address: string, acceptor: MemoryAcceptor): void;
  unbind(address: string): void;
  /** Lays a line; `dialler` and `listener` are its ends. */
  connect(route: { readonly address: string; readonly target: string }): {
    readonly id: string;
    readonly dialler: ConnectionEnd;
    readonly listener: ConnectionEnd;
  };
}

export function createMemoryNetwork(options: { readonly clock: Clock; readonly random: Random }): MemoryNetwork {
  const { clock, random } = options;
  const faults = createMemoryFaults();
  const acceptors = new Map<string, MemoryAcceptor>();
  const connections = new Map<string, MemoryConnection>();
  const watchers: ((connection: MemoryConnection) => void)[] = [];
  let made = 0;

  return {
    clock,
    random,
    faults,
    get connections() {
      return [...connections.values()];
    },
    watch: (watcher) => void watchers.push(watcher),
    acceptorAt: (address) => acceptors.get(address) ?? null,
    bind(address, acceptor) {
      if (acceptors.has(address)) throw new Error(`expected a free address, got ${address}, which somebody listens at`);
      acceptors.set(address, acceptor);
    },
    unbind: (address) => void acceptors.delete(address),
    connect({ address, target }) {
      made += 1;
      const id = String(made);
      const pair = createConnection({
        id,
        address,
        target,
        clock,
        random,
        faults,
        onGone: () => connections.delete(id),
      });
      connections.set(id, pair.connection);
      for (const watcher of watchers) watcher(pair.connection);
      return { id, dialler: pair.dialler, listener: pair.listener };
    },
  };
}
