import type { HeldValue } from './digest.ts';

export interface StatusUpdate<Status> {
  readonly id: string;
  /** Of the spec that the agent had taken when it said so; 0 when it had none. */
  readonly version: number;
  /** Of the status, by the agent's word: what `held` is to say of it later. */
  readonly hash: string;
  readonly status: Status;
}

/** Where the source side hands what is new about a resource. */
export interface StatusSink<Status> {
  /**
   * What it holds from before, with the hashes that came with it: asked for once, before the first comparison. What is in it is not sent again, and
   * is forgotten where the agent knows it no more. Empty for one that takes everything anew with each link (`keeping-sink.ts`). A rejection puts the comparison off.
   */
  held(): Promise<readonly HeldValue[]>;
  /**
   * Called once at a time for each resource id, with the newest status that is known then: statuses in between may be left
   * out. The same status may come again after a restart of either side. A rejection leaves it unheld, so that it comes again.
   */
  apply(update: StatusUpdate<Status>): Promise<void>;
  /** The agent has nothing to say of this resource any more. Called in turn with `apply`; a rejection leaves it held, so that this comes again. */
  forget(id: string): Promise<void>;
}
