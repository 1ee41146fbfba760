/** What became of the hub's store, by the clock of the world. */
export class StoreHistory {
  readonly #restores: { readonly how: 'backup' | 'copy'; readonly atMs: number }[] = [];
  readonly #trusts: { readonly agent: string; readonly atMs: number }[] = [];
  readonly #waitedInVain: number[] = [];

  get isRestored(): boolean {
    return this.#restores.length > 0;
  }

  /** It became an older one. */
  restored(how: 'backup' | 'copy', atMs: number): void {
    this.#restores.push({ how, atMs });
  }

  /** Somebody on an agent's machine said that it may be trusted. */
  trusted(agent: string, atMs: number): void {
    this.#trusts.push({ agent, atMs });
  }

  /** A hub that had started went on without agents that had been there. */
  waitedInVain(atMs: number): void {
    this.#waitedInVain.push(atMs);
  }

  /**
   * *Never twice* ends where somebody trusts a store that came back, and where an agent forgot what it saw of the one before. Of a store whose bare files
   * were put back only those know who saw more: another agent may be given what they ran once somebody trusts it on their machines, and where the hub
   * waited in vain for all to be back.
   */
  isTrustedAnew(run: { readonly agent: string; readonly startedAt: number; readonly isForgetful: boolean }): boolean {
    const restore = this.#restores.findLast(({ atMs }) => atMs <= run.startedAt);
    if (restore === undefined) return false;
    if (run.isForgetful) return true;
    const isSince = (atMs: number) => atMs >= restore.atMs && atMs <= run.startedAt;
    if (restore.how === 'copy')
      return this.#trusts.some(({ atMs }) => isSince(atMs)) || this.#waitedInVain.some(isSince);
    return this.#trusts.some((trust) => trust.agent === run.agent && isSince(trust.atMs));
  }
}
