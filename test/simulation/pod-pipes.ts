import type { NeighbourOrder, NeighbourPipes } from '../../agent/executors/neighbour/neighbour-pipes.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** The other end of a pod's pipes. */
export interface PipesReader {
  /** There is something to read. */
  readonly onOrders: () => void;
}

/** The two pipes of a pod. What was written stays for as long as anybody has them open. */
export class PodPipes {
  readonly #orders: NeighbourOrder[] = [];
  #writers = 0;
  #reader: PipesReader | null = null;

  /** As a runner opens them; its end closes them. */
  openAsRunner(process: SimulatedProcess): NeighbourPipes {
    let isOpen = true;
    this.#writers += 1;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      this.#writers -= 1;
      this.#forget();
    };
    process.onDeath(close);
    return {
      order: (word) => {
        if (!isOpen) return;
        this.#orders.push(word);
        this.#reader?.onOrders();
      },
      isAlive: () => isOpen && this.#reader !== null,
      [Symbol.dispose]: close,
    };
  }

  openAsNeighbour(reader: PipesReader): void {
    this.#reader = reader;
  }

  closeAsNeighbour(): void {
    this.#reader = null;
    this.#forget();
  }

  take(): NeighbourOrder | null {
    return this.#orders.shift() ?? null;
  }

  get hasOrders(): boolean {
    return this.#orders.length > 0;
  }

  #forget(): void {
    if (this.#writers === 0 && this.#reader === null) this.#orders.length = 0;
  }
}
