import type { HeldValue } from './digest.ts';
import type { StatusSink, StatusUpdate } from './status-sink.ts';

const none: readonly HeldValue[] = [];

/** A sink that keeps what it was told, whatever the agent says no more, and is told everything anew with each link. */
export abstract class KeepingSink<Status> implements StatusSink<Status> {
  async held(): Promise<readonly HeldValue[]> {
    return none;
  }

  abstract apply(update: StatusUpdate<Status>): Promise<void>;

  async forget(): Promise<void> {}
}
