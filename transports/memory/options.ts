import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Authenticate } from '../credential.ts';
import type { ChannelLimits } from '../limits.ts';
import type { MemoryNetwork } from './network.ts';

export interface MemoryTransportOptions {
  readonly network: MemoryNetwork;
  /** Any word: where a listener of the same network listens. */
  readonly address: string;
  readonly clock: Clock;
  readonly limits: ChannelLimits;
  readonly logger: Logger;
}

export interface MemoryListenerOptions<Principal> extends MemoryTransportOptions {
  readonly authenticate: Authenticate<Principal>;
}
