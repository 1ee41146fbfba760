import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { EventType, ResourceType } from '../protocol/event-type.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { createEventWriter } from './event-writer.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import type { Publish } from './publish.ts';
import type { ResourceCodec } from './resource-codec.ts';
import type { SpecEntry } from './spec-entry.ts';
import type { SpecLister } from './spec-lister.ts';
import { createSpecPublisher, type SpecPublisher } from './spec-publisher.ts';
import { createStatusReceiver, type StatusReceiver } from './status-receiver.ts';
import type { StatusSink } from './status-sink.ts';
import type { SyncClient } from './sync-client.ts';
import type { SyncCounters } from './sync-counters.ts';
import type { SyncOptions } from './sync-options.ts';
import { createSyncReport, type SyncReport } from './sync-report.ts';

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
  /** A resync request of the other side was answered, and the wire has taken all that it lacked. */
  readonly onAnswered?: () => void;
}

class SourceSide<Spec, Status> implements SourceClient<Spec> {
  readonly resource: ResourceType;
  readonly #outbox: Outbox;
  readonly #report: SyncReport;
  readonly #publisher: SpecPublisher<Spec>;
  readonly #receiver: StatusReceiver;

  constructor(given: SourceClientOptions<Spec, Status>) {
    const { clock, codec, counters, logger, onAnswered, options, random, sink, specs } = given;
    this.resource = codec.resource;
    this.#report = createSyncReport({ resource: codec.resource, logger, counters });
    this.#outbox = createOutbox({ logger, counters });
    const shared = {
      clock,
      random,
      options,
      writer: createEventWriter(given),
      outbox: this.#outbox,
      report: this.#report,
      codec,
      specs,
      sink,
      onAnswered,
    };
    this.#publisher = createSpecPublisher(shared);
    this.#receiver = createStatusReceiver(shared, this.#publisher);
  }

  publishSpec(entry: SpecEntry<Spec>): void {
    this.#publisher.publish(entry);
  }

  receive(type: EventType, event: CloudEvent): void {
    this.#report.count('received');
    const isRequest = type.action === 'resync_request';
    try {
      if (type.part === 'spec' && isRequest) this.#publisher.receive(event);
      else if (type.part === 'status' && !isRequest) this.#receiver.receive(event);
      else this.#report.drop('wrong-direction', event, undefined);
    } catch (error) {
      this.#report.drop('malformed', event, error);
    }
  }

  open(publish: Publish): void {
    this.#outbox.open(publish);
    this.#publisher.resume();
    this.#receiver.compare('link');
  }

  compare(): void {
    this.#receiver.compare('round');
  }

  close(): Promise<void> {
    this.#publisher.pause();
    return this.#outbox.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#publisher[Symbol.asyncDispose](), this.#receiver[Symbol.asyncDispose]()]);
  }
}

export function createSourceClient<Spec, Status>(given: SourceClientOptions<Spec, Status>): SourceClient<Spec> {
  return new SourceSide(given);
}
