import type { MemoryConnection } from '../../transports/memory/connection.ts';
import type { MemoryNetwork } from '../../transports/memory/network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** A network as one process has it that dials: whoever is dead, or cut off, gets no connection. */
export interface GuardedNetwork {
  readonly network: MemoryNetwork;
  /** Those that are open, oldest first. */
  connections(): readonly MemoryConnection[];
}

export function guardNetwork(
  network: MemoryNetwork,
  { process, isCutOff }: { readonly process: SimulatedProcess; readonly isCutOff: () => boolean },
): GuardedNetwork {
  const own = new Set<MemoryConnection>();
  const guarded: MemoryNetwork = {
    ...network,
    get connections() {
      return network.connections;
    },
    acceptorAt(address) {
      if (isCutOff()) return { take: () => new Promise(() => {}) };
      const acceptor = network.acceptorAt(address);
      if (acceptor === null) return null;
      return {
        take: (request, open) => acceptor.take(request, () => (process.isAlive && !isCutOff() ? open() : null)),
      };
    },
    connect(route) {
      const line = network.connect(route);
      const made = network.connections.find(({ id }) => id === line.id);
      if (made !== undefined) own.add(made);
      return line;
    },
  };
  return {
    network: guarded,
    connections() {
      const open = new Set(network.connections);
      return [...own].filter((one) => open.has(one));
    },
  };
}
