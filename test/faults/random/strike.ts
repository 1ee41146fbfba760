import type { FaultAgent, FaultPlace } from '../../support/fault-place.ts';
import type { FaultProxy } from '../../support/fault-proxy.ts';
import type { Dice } from '../../support/seeded-dice.ts';
import type { SmallDisk } from '../../support/small-disk.ts';
import type { Excuses } from './excuses.ts';

/** What one after the other is struck: the hub, one agent and its line, or the proxy between. */
export interface Scene {
  readonly place: FaultPlace;
  readonly dice: Dice;
  readonly excuses: Excuses;
}

export interface AgentScene extends Scene {
  readonly agent: FaultAgent;
  /** That its data folder is on; null where none could be mounted. */
  readonly disk: SmallDisk | null;
}

export interface HubScene extends Scene {
  readonly disk: SmallDisk | null;
}

export interface ProxyScene extends Scene {
  readonly proxy: FaultProxy;
}

/** A fault of a kind. When it resolves, what it broke is whole again, as far as that is anybody's but the product's. */
export interface Strike<S> {
  readonly name: string;
  strike(scene: S): Promise<void>;
}
