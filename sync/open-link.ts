import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Publish } from './publish.ts';
import { createRounds, type Rounds, type RoundsOwner } from './rounds.ts';
import type { SyncClient } from './sync-client.ts';
import type { SyncOptions } from './sync-options.ts';

/** A link that clients share. */
export interface OpenLink {
  /** Nothing more is published. Resolves when the link has ended for all its clients. Idempotent, never rejects. */
  close(): Promise<void>;
}

export interface OpenLinkOptions {
  readonly clients: readonly SyncClient[];
  readonly clock: Clock;
  readonly random: Random;
  readonly options: Pick<SyncOptions, 'periodMs'>;
}

class SharedLink implements OpenLink, RoundsOwner {
  readonly #given: OpenLinkOptions;
  readonly #rounds: Rounds = createRounds(this);

  constructor(given: OpenLinkOptions) {
    this.#given = given;
    this.#rounds.start();
  }

  get clock(): Clock {
    return this.#given.clock;
  }

  get random(): Random {
    return this.#given.random;
  }

  get periodMs(): number {
    return this.#given.options.periodMs;
  }

  onRound(): void {
    for (const client of this.#given.clients) client.compare();
  }

  async close(): Promise<void> {
    this.#rounds.stop();
    await closeAll(this.#given.clients);
  }
}

async function closeAll(clients: readonly SyncClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}

/**
 * Begins a link for all clients that share it, and keeps `given`. Their comparisons come together: they leave in one write, and wake
 * each side once. Throws when one of them still has another link; the others are closed then.
 */
export function openLink(publish: Publish, given: OpenLinkOptions): OpenLink {
  const opened: SyncClient[] = [];
  try {
    for (const client of given.clients) {
      client.open(publish);
      opened.push(client);
    }
  } catch (error) {
    void closeAll(opened);
    throw error;
  }
  return new SharedLink(given);
}
