/** So many of one agent's at once. An agent says what a session is for as soon as it is open. */
const mostOfOne = 512;

/** Sessions that were accepted and serve no attempt: nothing was opened on them yet, or what was asked for was refused. */
export class SilentSessions {
  readonly #counts = new Map<string, number>();

  hasRoom(agentId: string): boolean {
    return this.#countOf(agentId) < mostOfOne;
  }

  /** Counts one until disposed, once or more often. */
  enter(agentId: string): Disposable {
    this.#counts.set(agentId, this.#countOf(agentId) + 1);
    let isCounted = true;
    return {
      [Symbol.dispose]: () => {
        if (!isCounted) return;
        isCounted = false;
        const count = this.#countOf(agentId) - 1;
        if (count === 0) this.#counts.delete(agentId);
        else this.#counts.set(agentId, count);
      },
    };
  }

  #countOf(agentId: string): number {
    return this.#counts.get(agentId) ?? 0;
  }
}
