import type { ControlTransport } from '../control-transport.ts';
import type { SessionTransport } from '../session-transport.ts';
import { createControlTransport } from './control-transport.ts';
import { createMemoryDialler } from './memory-dialler.ts';
import type { MemoryTransportOptions } from './options.ts';
import { createSessionTransport } from './session-transport.ts';

/** Both ways to one address of a memory network. They share the last challenge from there. */
export function createMemoryTransport(options: MemoryTransportOptions): {
  readonly control: ControlTransport;
  readonly session: SessionTransport;
} {
  const dialler = createMemoryDialler(options);
  return {
    control: createControlTransport({ dialler, maxEventBytes: options.limits.maxMessageBytes }),
    session: createSessionTransport({ dialler }),
  };
}
