import { basename } from 'node:path';
import type { NeighbourOrder } from '../../agent/executors/neighbour/neighbour-pipes.ts';
import type { NeighbourPlace } from '../../agent/executors/neighbour/neighbour-place.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { JobScript } from './job-script.ts';
import type { Machine } from './machine.ts';
import type { PodPipes } from './pod-pipes.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedWrapper } from './simulated-wrapper.ts';

export interface SimulatedNeighbourOptions {
  readonly machine: Machine;
  readonly pipes: PodPipes;
  readonly place: NeighbourPlace;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly scriptOf: (job: string) => JobScript;
  readonly onEnded: () => void;
}

/** The container of a pod's command. It goes the way of `agent/executors/neighbour/wrapper-text.ts`, with a pause before each of its steps. */
export class SimulatedNeighbour {
  readonly #options: SimulatedNeighbourOptions;
  #phase: 'coming' | 'waiting' | 'working' | 'gone' = 'coming';
  #wrapper: SimulatedWrapper | null = null;
  #timer: Timer | null = null;

  constructor(options: SimulatedNeighbourOptions) {
    this.#options = options;
    this.#later(() => this.#come());
  }

  get isAlive(): boolean {
    return this.#phase !== 'gone';
  }

  get lastWords(): string | null {
    return this.#wrapper?.lastWords ?? null;
  }

  /** TERM to the container. */
  term(): void {
    if (this.#phase === 'working') this.#wrapper?.tell();
    else this.#leave();
  }

  /** The container is no more, and nothing in it. */
  kill(): void {
    this.#wrapper?.end('killed');
    this.#leave();
  }

  /** A KILL for the command alone. */
  killCommand(): void {
    this.#wrapper?.killProgramOnly();
  }

  #later(step: () => void): void {
    const { clock, random } = this.#options;
    this.#timer = clock.schedule(random.below(random.pick([3, 30, 300])), () => {
      this.#timer = null;
      step();
    });
  }

  #come(): void {
    const { machine, pipes, place } = this.#options;
    pipes.openAsNeighbour({ onOrders: () => this.#hear() });
    machine.disk.open(place.here, 'w');
    if (machine.disk.lstat(place.leave) !== null) return this.#leave();
    this.#phase = 'waiting';
    this.#hear();
  }

  #hear(): void {
    if (this.#timer !== null || !this.#options.pipes.hasOrders) return;
    this.#later(() => this.#read());
  }

  #read(): void {
    const { pipes } = this.#options;
    // Whoever reads orders while the command runs begins behind the fence.
    const canRead = this.#phase === 'waiting' || (this.#phase === 'working' && this.#wrapper?.isFenced === true);
    const word = canRead ? pipes.take() : null;
    if (word !== null) this.#obey(word);
    if (this.#phase !== 'gone') this.#hear();
  }

  #obey(word: NeighbourOrder): void {
    if (this.#phase === 'waiting') {
      if (word === 'start') this.#start();
      else this.#leave();
    } else if (word === 'term') this.#wrapper?.endProgram();
    else if (word === 'kill') this.#wrapper?.killProgramOnly();
  }

  #start(): void {
    const { machine, place, scriptOf } = this.#options;
    const read = (path: string) => (machine.disk.lstat(path) === null ? '' : machine.disk.readFile(path).toString());
    const attempt = read(place.attempt).trim();
    const folder = `${place.shared}/attempts/${basename(attempt)}`;
    const [, job] = /^export FARHAND_JOB_ID='([^']*)'$/m.exec(read(place.go)) ?? [];
    if (attempt === '' || job === undefined || machine.disk.lstat(folder) === null) return this.#leave();
    this.#phase = 'working';
    this.#wrapper = machine.spawn({
      attempt,
      job,
      part: 'command',
      folder,
      home: folder,
      limitBytes: null,
      environment: {},
      script: scriptOf(job).command,
    });
    void this.#wrapper.ended.then(() => {
      // The first process of a container takes all others with it.
      this.#wrapper?.end('killed');
      this.#leave();
    });
  }

  #leave(): void {
    if (this.#phase === 'gone') return;
    this.#phase = 'gone';
    this.#timer?.cancel();
    this.#options.pipes.closeAsNeighbour();
    this.#options.onEnded();
  }
}
