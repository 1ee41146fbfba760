import type { Clock } from '../../runtime/clock.ts';
import type { StatusLister } from '../../sync/status-lister.ts';
import { createInventoryNews, type InventoryNews } from './inventory-news.ts';
import type { Inventory } from './orchestrator.ts';

/** Where word of one kind of resource goes. */
export interface InventoryPublisher {
  publishStatus(id: string): void;
  retractStatus(id: string): void;
}

/**
 * A first list that is longer is not sent item by item: most of it is known to a hub that only lost sight of the agent, and the next comparison finds
 * what is not.
 */
const maxFirstPublished = 500;

interface Source<Item> {
  readonly inventory: () => Inventory<Item>;
  /** It was listed whole, so that each change from then on is told. */
  isWhole: boolean;
}

/** The nodes, or the apps, of all clusters of an agent, as its statuses. */
export class ToldInventory<Item> implements Disposable {
  readonly #publisher: InventoryPublisher;
  readonly #news: InventoryNews;
  readonly #sources: Source<Item>[] = [];
  readonly statuses: StatusLister<Item> = {
    list: async () => this.#list(),
    get: async (id) => this.#get(id),
  };

  constructor(options: { readonly publisher: InventoryPublisher; readonly clock: Clock }) {
    this.#publisher = options.publisher;
    this.#news = createInventoryNews({ clock: options.clock, publish: (id) => this.#publish(id) });
  }

  add(inventory: () => Inventory<Item>): void {
    this.#sources.push({ inventory, isWhole: false });
    this.look();
  }

  /** Something is another, or gone. */
  changed(id: string): void {
    if (this.#sources.some(({ isWhole }) => isWhole)) this.#news.changed(id);
  }

  /** The state of a cluster may be another. */
  look(): void {
    for (const source of this.#sources) {
      const { state, items } = source.inventory();
      if (source.isWhole || state.state === 'beginning') continue;
      source.isWhole = true;
      if (items.size <= maxFirstPublished) for (const id of items.keys()) this.#news.changed(id);
    }
  }

  [Symbol.dispose](): void {
    this.#news[Symbol.dispose]();
  }

  #publish(id: string): void {
    if (this.#get(id) === null) this.#publisher.retractStatus(id);
    else this.#publisher.publishStatus(id);
  }

  #get(id: string): Item | null {
    for (const { inventory } of this.#sources) {
      const item = inventory().items.get(id);
      if (item !== undefined) return item;
    }
    return null;
  }

  #list(): readonly { readonly id: string; readonly status: Item }[] {
    if (this.#sources.some(({ isWhole }) => !isWhole)) {
      throw new Error('expected the cluster to have been listed, and it was not yet: what is missing is not gone');
    }
    return this.#sources.flatMap(({ inventory }) => [...inventory().items].map(([id, status]) => ({ id, status })));
  }
}
