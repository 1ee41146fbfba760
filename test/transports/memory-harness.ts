import assert from 'node:assert/strict';
import { silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createMemoryListener } from '../../transports/memory/listener.ts';
import { createMemoryTransport } from '../../transports/memory/memory-transport.ts';
import { createMemoryNetwork } from '../../transports/memory/network.ts';
import type { TransportHarness } from '../contract/transport-harness.ts';

export const memoryHarness: TransportHarness = {
  name: 'memory',
  wireBytes: 0,
  start: ({ agentLimits, hubLimits, authenticate }) => {
    const clock = createVirtualClock();
    const network = createMemoryNetwork({ clock, random: systemRandom });
    const common = { network, clock, logger: silentLogger };
    const listener = createMemoryListener({ ...common, address: 'hub', limits: hubLimits, authenticate });
    const transport = createMemoryTransport({ ...common, address: 'hub', limits: agentLimits });
    const nowhere = createMemoryTransport({ ...common, address: 'nowhere', limits: agentLimits });
    return Promise.resolve({
      clock,
      ...transport,
      listener,
      nowhere: nowhere.control,
      openConnections: () => network.connections.length,
      exchanged: () => clock.settle(),
      silence(direction) {
        for (const connection of network.connections) connection.silence(direction);
      },
      cutAfter(direction, bytes) {
        for (const connection of network.connections) connection.cutAfter(direction, { bytes });
      },
      injectText(direction, text) {
        for (const connection of network.connections) connection.inject(direction, text);
      },
      injectGarbage(direction) {
        for (const connection of network.connections) connection.inject(direction, Uint8Array.from([0xff, 0xfe]));
      },
      async [Symbol.asyncDispose]() {
        await listener[Symbol.asyncDispose]();
        await clock.settle();
        assert.equal(network.connections.length, 0, 'a connection was left open');
        assert.equal(clock.pending, 0, 'a timer was left');
      },
    });
  },
};
