import type { HookEnd, HookRun } from './hook-run.ts';

/** The hook of an attempt that is on its way, if there is one: `before` and `after` are never that at the same time. */
export class HookSlot {
  #run: HookRun | null = null;

  get isFree(): boolean {
    return this.#run === null;
  }

  /** `onEnded` is called when nothing of the hook is alive; the slot is its own until somebody frees it. */
  hold(run: HookRun, onEnded: (end: HookEnd) => void): void {
    this.#run = run;
    void run.ended.then(onEnded);
  }

  free(): void {
    this.#run = null;
  }

  /** Stops what is on its way, and leaves the rest to who waits for its end. */
  stop(): void {
    this.#run?.stop();
  }

  /** Stops what is on its way, and waits until nothing of it is alive. */
  async end(): Promise<void> {
    this.stop();
    await this.#run?.ended;
    this.free();
  }

  /** Lets go of what is on its way: another agent may take over. */
  async leave(): Promise<void> {
    await this.#run?.leave();
  }
}
