import { isBefore, type Lane, type QueuedJob } from './job-queue.ts';

/** The lanes of one account during one pass, the one with the best head first. */
export class LaneLine {
  /** Best last, where taking and putting back cost least. */
  readonly #lanes: Lane[];

  /** Takes them as `JobQueue.lanes` gives them. */
  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes.toReversed();
  }

  /** Takes the first lane out of the line; null when none is left. */
  next(): Lane | null {
    return this.#lanes.pop() ?? null;
  }

  /** Puts a lane back where its new head belongs; one that has no jobs left is gone. */
  put(lane: Lane): void {
    const [head] = lane.jobs;
    if (head !== undefined) this.#lanes.splice(this.#placeOf(head), 0, lane);
  }

  #placeOf(head: QueuedJob): number {
    let low = 0;
    let high = this.#lanes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#lanes[middle]?.jobs[0];
      if (other !== undefined && isBefore(head, other)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
