import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { createEventWriter } from './event-writer.ts';
import { createOutbox } from './outbox.ts';
import type { ResourceCodec } from './resource-codec.ts';
import { createRounds } from './rounds.ts';
import type { SpecEntry } from './spec-entry.ts';
import type { SpecLister } from './spec-lister.ts';
import { createSpecPublisher } from './spec-publisher.ts';
import { createStatusReceiver } from './status-receiver.ts';
import type { StatusSink } from './status-sink.ts';
import type { SyncClient } from './sync-client.ts';
import type { SyncCounters } from './sync-counters.ts';
import type { SyncOptions } from './sync-options.ts';
import { createSyncReport } from './sync-report.ts';

/**
 * The source's side (the hub's): it owns the specs and is told the statuses. One for each resource type and agent.
 *
 * What it keeps in memory (which versions stand unanswered, the hashes of statuses) may be lost with the process: the next
 * link brings it back.
 */
export interface SourceClient<Spec> extends SyncClient {
  /**
   * Sends this state of a spec, and sends it again until it is answered. Call it after the lister's truth has changed. Without
   * a link nothing is sent: the agent asks when it is back. A deletion of a resource whose codec says `deleteUnknown: false`
   * is not sent at all; it only ends the repeats.
   */
  publishSpec(entry: SpecEntry<Spec>): void;
}

export interface SourceClientOptions<Spec, Status> {
  readonly codec: ResourceCodec<Spec, Status>;
  /** Name of this source on its events. */
  readonly source: string;
  /** The agent's id: `clustername` on all events of its channel. */
  readonly cluster: string;
  readonly specs: SpecLister<Spec>;
  readonly sink: StatusSink<Status>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: SyncCounters;
  readonly options: SyncOptions;
}

export function createSourceClient<Spec, Status>(given: SourceClientOptions<Spec, Status>): SourceClient<Spec> {
  const { clock, codec, counters, logger, options, random, sink, specs } = given;
  const { resource } = codec;
  const report = createSyncReport({ resource, logger, counters });
  const outbox = createOutbox({ logger, counters });
  const shared = { clock, random, options, outbox, report, writer: createEventWriter(given) };
  const publisher = createSpecPublisher({ ...shared, codec, specs });
  const receiver = createStatusReceiver({ ...shared, codec, sink, specs: publisher });
  const rounds = createRounds({ clock, random, periodMs: options.periodMs, onRound: () => receiver.compare('round') });

  return {
    resource,
    publishSpec: (entry) => publisher.publish(entry),
    receive(type, event) {
      report.count('received');
      const isRequest = type.action === 'resync_request';
      try {
        if (type.part === 'spec' && isRequest) publisher.receive(event);
        else if (type.part === 'status' && !isRequest) receiver.receive(event);
        else report.drop('wrong-direction', event, undefined);
      } catch (error) {
        report.drop('malformed', event, error);
      }
    },
    async serve(publish, { signal }) {
      await outbox.serve(publish, {
        signal,
        onOpen() {
          rounds.start();
          publisher.resume();
          receiver.compare('link');
        },
      });
      rounds.stop();
      publisher.pause();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([publisher[Symbol.asyncDispose](), receiver[Symbol.asyncDispose]()]);
    },
  };
}
