import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { createEventWriter } from './event-writer.ts';
import { createOutbox } from './outbox.ts';
import type { ResourceCodec } from './resource-codec.ts';
import type { SequenceIds } from './sequence-ids.ts';
import type { SpecHandler } from './spec-handler.ts';
import { createSpecReceiver } from './spec-receiver.ts';
import type { StatusLister } from './status-lister.ts';
import { createStatusPublisher } from './status-publisher.ts';
import type { SyncClient } from './sync-client.ts';
import type { SyncCounters } from './sync-counters.ts';
import type { SyncOptions } from './sync-options.ts';
import { createSyncReport } from './sync-report.ts';

/** The agent's side: it takes specs and owns the statuses. One for each resource type. */
export interface AgentClient extends SyncClient {
  /**
   * Sends the status that the lister has for this resource when the turn comes. Call it after the lister's truth has changed.
   * Without a link nothing is sent: the source asks when there is one.
   */
  publishStatus(id: string): void;
  /** Says that there is nothing to say of this resource any more; where the lister has something again when the turn comes, that is sent. */
  retractStatus(id: string): void;
  /** Every spec is as unseen, and comes again: for when the source's store is another, and trusted all the same. */
  forgetSpecs(): void;
}

export interface AgentClientOptions<Spec, Status> {
  readonly codec: ResourceCodec<Spec, Status>;
  /** Name of this agent on its events. */
  readonly source: string;
  /** This agent's id: `clustername` on all events of its channel. */
  readonly cluster: string;
  /** Addressee of a status whose spec was not seen; empty for all sources. */
  readonly originalSource: string;
  readonly statuses: StatusLister<Status>;
  readonly handler: SpecHandler<Spec>;
  /** One for all clients of an agent. */
  readonly sequenceIds: SequenceIds;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: SyncCounters;
  readonly options: SyncOptions;
  /** A resync request of the other side was answered, and the wire has taken all that it lacked. */
  readonly onAnswered?: () => void;
}

export function createAgentClient<Spec, Status>(given: AgentClientOptions<Spec, Status>): AgentClient {
  const { clock, codec, counters, handler, logger, onAnswered, options, originalSource } = given;
  const { sequenceIds, statuses } = given;
  const { resource } = codec;
  const report = createSyncReport({ resource, logger, counters });
  const outbox = createOutbox({ logger, counters });
  const shared = { clock, statuses, originalSource, options, outbox, report, writer: createEventWriter(given) };
  const receiver = createSpecReceiver({ ...shared, codec, handler, onTaken: (id) => publisher.publish(id) });
  const seen = (id: string) => receiver.seen(id);
  const publisher = createStatusPublisher({ ...shared, codec, sequenceIds, seen, onAnswered });

  return {
    resource,
    publishStatus: (id) => publisher.publish(id),
    retractStatus: (id) => publisher.retract(id),
    forgetSpecs: () => receiver.forgetAll(),
    receive(type, event) {
      report.count('received');
      const isRequest = type.action === 'resync_request';
      try {
        if (type.part === 'status' && isRequest) publisher.receive(event);
        else if (type.part === 'spec' && !isRequest) receiver.receive(event);
        else report.drop('wrong-direction', event, undefined);
      } catch (error) {
        report.drop('malformed', event, error);
      }
    },
    open(publish) {
      outbox.open(publish);
      receiver.compare('link');
    },
    compare: () => receiver.compare('round'),
    close: () => outbox.close(),
    async [Symbol.asyncDispose]() {
      await Promise.all([receiver[Symbol.asyncDispose](), publisher[Symbol.asyncDispose]()]);
    },
  };
}
