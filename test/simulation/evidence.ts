import type { ProgramPart } from './job-script.ts';
import type { RunTruth } from './run-truth.ts';
import type { Fault } from './schedule.ts';
import type { SimulatedPod } from './simulated-pod.ts';
import type { World } from './world.ts';

/** The programs of one attempt that really ran. */
export type Programs = Readonly<Record<ProgramPart, RunTruth | null>>;

/** What really happened in a run, for whoever judges what is told of it. */
export class Evidence {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  had<Type extends Fault['type']>(
    type: Type,
    also: (fault: Extract<Fault, { type: Type }>) => boolean = () => true,
  ): boolean {
    return this.#world.schedule.faults.some(
      (fault): fault is Extract<Fault, { type: Type }> =>
        fault.type === type && also(fault as Extract<Fault, { type: Type }>),
    );
  }

  get hadPowerLoss(): boolean {
    return this.had('crash', ({ how }) => how === 'power');
  }

  get hadPowerLossOfAgent(): boolean {
    return this.had('crash', ({ how, who }) => how === 'power' && who === 'agent');
  }

  get hadFullDisk(): boolean {
    return this.had('disk-full') || this.had('disk-error', ({ code }) => code === 'ENOSPC');
  }

  /** A second agent lived on a copy of the folder of one of them. */
  get hadCopy(): boolean {
    return this.had('copy-folder');
  }

  /** The hub may have wiped the secrets of a job before its end came. */
  get isWindowShort(): boolean {
    return this.#world.schedule.correctionWindowMs < longWindowMs;
  }

  get isRestored(): boolean {
    return this.#world.stores.isRestored;
  }

  /** A wrapper of the attempt's command took the fence. */
  wasFenced(attempt: string): boolean {
    const places = [...this.#world.everyAgent(), ...this.podsOf(attempt)];
    return places.some(({ machine }) => machine.fenced.has(attempt));
  }

  podsOf(attempt: string): readonly SimulatedPod[] {
    return this.#world.cluster.podsOf(attempt);
  }

  /** The folder with this id was taken from under its agent, or somebody has a copy of it. */
  wasFolderLost(folderId: string | null): boolean {
    return folderId === null || this.hadCopy || this.#world.agents.some(({ lostFolders }) => lostFolders.has(folderId));
  }

  programsOf(attempt: string): Programs {
    const of = (part: ProgramPart) =>
      this.#world.runs.find((run) => run.attempt === attempt && run.part === part) ?? null;
    return { before: of('before'), command: of('command'), after: of('after') };
  }

  /** When a program must have ended that was to be stopped at `fromMs`, and ends `takesMs` after its signal: some process of its agent lived long enough to see to it. */
  mustEndBy(agent: string, { fromMs, takesMs }: { readonly fromMs: number; readonly takesMs: number }): number {
    const places = [...this.#world.agents, ...this.#world.cluster.pods];
    const lives = places.find(({ name }) => name === agent)?.lives ?? [];
    const ends = lives.map((life) => ({ life, at: Math.max(fromMs, life.fromMs + recoveryMs) + takesMs }));
    return ends.find(({ life, at }) => at <= life.untilMs)?.at ?? Number.POSITIVE_INFINITY;
  }
}

/** No run lasts so long. */
const longWindowMs = 86_400_000;

/** From the start of an agent to its word about what an earlier one left. */
const recoveryMs = 5_000;
