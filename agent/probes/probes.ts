import type { FactsReport } from '../../protocol/facts.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Loop, LoopBoard } from '../../runtime/loop-board.ts';
import type { Random } from '../../runtime/random.ts';
import type { StatusLister } from '../../sync/status-lister.ts';
import type { Catalog } from '../automations/catalog.ts';
import { createTextMask } from '../masking/text-mask.ts';
import { toOneLine } from '../one-line.ts';
import { type ProbeContext, prepareProbe } from './prepare-probe.ts';
import { isProbe, type Probe } from './probe.ts';
import { runProbeLoop } from './probe-loop.ts';
import type { ProbeRunner } from './probe-runner.ts';
import { readFacts } from './read-facts.ts';
import { createToldFacts, type ToldFacts } from './told-facts.ts';

export interface ProbesOptions extends ProbeContext {
  readonly catalog: Catalog;
  readonly runner: ProbeRunner;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly loops: LoopBoard;
  /** Tells the control channel that there are new facts of a probe. */
  readonly publish: (probe: string) => void;
  /** `problems` may say something else. */
  readonly changed: () => void;
}

/** The probes of the catalog, each in a loop of its own, and what they found. */
export interface Probes {
  readonly statuses: StatusLister<FactsReport>;
  /** What is wrong, a sentence for each probe whose newest run gave no facts. */
  problems(): readonly string[];
  /** Runs them, and those that the catalog comes to have, until `signal` aborts; resolves when none runs any more. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

const maxMessage = 2048;

type Reading =
  | { readonly type: 'facts'; readonly facts: JsonObject }
  | { readonly type: 'problem'; readonly message: string };

interface RunningProbe {
  readonly version: string;
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

class CatalogProbes implements Probes {
  readonly #options: ProbesOptions;
  readonly #told: ToldFacts;
  readonly #loops = new Map<string, RunningProbe>();
  /** What was found last, told or not. */
  readonly #reports = new Map<string, FactsReport>();

  constructor(options: ProbesOptions) {
    this.#options = options;
    this.#told = createToldFacts(options);
  }

  get statuses(): StatusLister<FactsReport> {
    return this.#told.statuses;
  }

  problems(): readonly string[] {
    return [...this.#reports.values()].flatMap(({ probe, error }) =>
      error === null ? [] : [`probe ${probe}: ${error.message}`],
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    const { catalog } = this.#options;
    this.#follow(signal);
    const stopListening = catalog.onChange(() => this.#follow(signal));
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    stopListening();
    for (const loop of this.#loops.values()) loop.stop();
    await Promise.all([...this.#loops.values()].map((loop) => loop.ended));
  }

  /** Starts, restarts and ends loops so that they are those of the catalog. A loop begins when the one before it of that name ended. */
  #follow(signal: AbortSignal): void {
    if (signal.aborted) return;
    const probes = [...this.#options.catalog.current.automations.values()].filter(isProbe);
    const names = new Set(probes.map(({ name }) => name));
    for (const [name, loop] of this.#loops) if (!names.has(name)) this.#end(name, loop);
    for (const probe of probes) {
      const version = `${probe.digest} ${probe.file}`;
      const before = this.#loops.get(probe.name);
      if (before?.version === version) continue;
      before?.stop();
      const stopping = new AbortController();
      const ended = this.#loop(probe, AbortSignal.any([signal, stopping.signal]), before?.ended);
      this.#loops.set(probe.name, { version, stop: () => stopping.abort(), ended });
    }
  }

  /** Nobody asks for it any more. It stays among the loops until its last run is over, so that leaving waits for that. */
  #end(name: string, loop: RunningProbe): void {
    loop.stop();
    const ending: RunningProbe = { ...loop, version: 'none' };
    this.#loops.set(name, ending);
    void loop.ended.then(() => {
      if (this.#loops.get(name) === ending) this.#loops.delete(name);
    });
    this.#told.forget(name);
    if (this.#reports.delete(name)) this.#options.changed();
  }

  async #loop(probe: Probe, signal: AbortSignal, earlier: Promise<void> | undefined): Promise<void> {
    await earlier;
    if (signal.aborted) return;
    const { clock, random, loops } = this.#options;
    using loop = loops.open('probe', { subject: probe.name });
    const runOnce = () => this.#runOnce(probe, loop, signal);
    await runProbeLoop(probe.probe, { runOnce, clock, random, signal, loop });
  }

  async #runOnce(probe: Probe, loop: Loop, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    const reading = await this.#read(probe, signal).catch((error: unknown): Reading => {
      const reason = error instanceof Error ? error.message : String(error);
      return { type: 'problem', message: `it could not be run: ${reason}` };
    });
    if (reading === null || signal.aborted) return;
    if (reading.type === 'problem') loop.failed(reading.message);
    this.#take(probe, reading, clock.monotonic() - startedAt);
  }

  /** Null when the run was cut short because it is to end. */
  async #read(probe: Probe, signal: AbortSignal): Promise<Reading | null> {
    const { runner } = this.#options;
    const prepared = await prepareProbe(probe, this.#options);
    if (prepared.type === 'refused') return { type: 'problem', message: prepared.message };
    const outcome = await runner.run(prepared.command, { signal });
    switch (outcome.type) {
      case 'left':
        return null;
      case 'failed':
        return { type: 'problem', message: this.#mask(probe, outcome.message) };
      case 'printed': {
        const read = readFacts(outcome.output, probe.outputs);
        if (read.ok) return { type: 'facts', facts: read.facts };
        return { type: 'problem', message: this.#mask(probe, read.message) };
      }
    }
  }

  /** What a probe was given of the agent's environment may be secret, and may stand in what it printed. */
  #mask(probe: Probe, message: string): string {
    const { environment } = this.#options;
    const values = probe.inherit.flatMap((name): [string, string][] => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    });
    return createTextMask(Object.fromEntries(values))(message);
  }

  #take(probe: Probe, reading: Reading, durationMs: number): void {
    const { clock, logger, publish, changed } = this.#options;
    const { name, digest } = probe;
    const at = new Date(clock.now()).toISOString();
    const before = this.#reports.get(name);
    const { volatile } = probe.probe;
    const report: FactsReport =
      reading.type === 'facts'
        ? {
            probe: name,
            digest,
            facts: reading.facts,
            collectedAt: at,
            durationMs: Math.round(durationMs),
            volatile: [...volatile],
            error: null,
          }
        : {
            probe: name,
            digest,
            facts: before?.facts ?? null,
            collectedAt: before?.collectedAt ?? null,
            durationMs: before?.durationMs ?? null,
            volatile: [...volatile],
            error: { message: toOneLine(reading.message, maxMessage), at },
          };
    this.#reports.set(name, report);
    if (before?.error?.message !== report.error?.message) {
      if (report.error === null) logger.info({ probe: name }, 'probe gives facts again');
      else logger.warn({ probe: name, problem: report.error.message }, 'probe gave no facts');
      changed();
    }
    if (this.#told.take(report)) publish(name);
  }
}

export function createProbes(options: ProbesOptions): Probes {
  return new CatalogProbes(options);
}
