import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { Action, EventType } from '../protocol/event-type.ts';
import type { JsonValue } from '../protocol/json.ts';
import { parse } from '../protocol/parse.ts';
import { type Digest, findDifferingBuckets, type HeldValue, toFineDigest } from './digest.ts';
import type { EventWriter } from './event-writer.ts';
import { createLatestRunner } from './latest-runner.ts';
import type { Outbox } from './outbox.ts';
import type { StatusCodec } from './resource-codec.ts';
import { StatusResyncRequest } from './resync-data.ts';
import { createScopeTest } from './scope.ts';
import type { SeenSpec } from './seen-specs.ts';
import type { SequenceIds } from './sequence-ids.ts';
import type { StatusEntry, StatusLister } from './status-lister.ts';
import type { SyncOptions } from './sync-options.ts';
import type { SyncReport } from './sync-report.ts';
import { toTraceExtension } from './trace-extension.ts';

/** The half of an agent client that owns statuses: sends them, and tells a source what it lacks. */
export interface StatusPublisher extends AsyncDisposable {
  publish(id: string): void;
  retract(id: string): void;
  /** Takes a resync request; throws `ProtocolError` for a malformed one. */
  receive(event: CloudEvent): void;
}

export interface StatusPublisherOptions<Status> {
  readonly codec: StatusCodec<Status>;
  readonly statuses: StatusLister<Status>;
  readonly seen: (id: string) => SeenSpec | null;
  readonly originalSource: string;
  readonly sequenceIds: SequenceIds;
  readonly options: SyncOptions;
  readonly writer: EventWriter;
  readonly outbox: Outbox;
  readonly report: SyncReport;
  /** The wire has taken all that a resync request asked for. */
  readonly onAnswered: (() => void) | undefined;
}

export function createStatusPublisher<Status>(given: StatusPublisherOptions<Status>): StatusPublisher {
  const { codec, statuses, seen, originalSource, sequenceIds, options, writer, outbox, report, onAnswered } = given;
  const requests = createLatestRunner<StatusResyncRequest>({
    maxKeys: options.maxRequests,
    isNewer: () => true,
    run: (_key, request) => answer(request),
    onError: (_key, error) => report.fail(error, null, 'status resync request not answered'),
  });

  function put(id: string, action: Action, whenNone: 'silent' | 'gone' = 'silent'): void {
    outbox.put(`status ${id}`, async (publish) => {
      // Before the status is asked for: it must not seem to know a spec that was taken after it.
      const spec = seen(id);
      const status = await statuses.get(id);
      if (status === null) {
        if (whenNone === 'gone') await publish(toNote({ gone: [id] }, { sequenceid: sequenceIds.next() }));
        return;
      }
      const data = codec.encodeStatus(status);
      const extensions = {
        resourceid: id,
        resourceversion: spec?.version ?? 0,
        originalsource: spec?.source ?? originalSource,
        sequenceid: sequenceIds.next(),
        statushash: codec.hashStatus(data),
        ...toTraceExtension(spec?.traceparent ?? null),
      };
      await publish(writer.write(toType(action), extensions, data));
    });
  }

  async function answer(request: StatusResyncRequest): Promise<void> {
    if (request.sequenceID !== undefined) sequenceIds.raiseAbove(BigInt(request.sequenceID));
    // Before the list is made: a status that is published meanwhile is newer than what is said to be gone.
    const sequence = sequenceIds.next();
    const held = await statuses.list();
    if (request.digest !== undefined) answerDigest(request.digest, held);
    else answerList(request, { held, sequence });
    // Behind everything that was put before it.
    if (onAnswered !== undefined) outbox.put('answered', async () => onAnswered());
  }

  function answerDigest(theirs: Digest, entries: readonly StatusEntry<Status>[]): void {
    const held = entries.map(({ id, status }): HeldValue => ({ id, value: hash(status) }));
    if (findDifferingBuckets(held, theirs).length === 0) return;
    report.count('compared-unequal');
    putNote('digest', { digest: toFineDigest(held) }, {});
  }

  function answerList(
    { scope, statusHashes }: StatusResyncRequest,
    { held, sequence }: { readonly held: readonly StatusEntry<Status>[]; readonly sequence: string },
  ): void {
    const listed = new Map((statusHashes ?? []).map((item) => [item.resourceID, item.statusHash]));
    const isEverything = listed.size === 0;
    const covers = scope === undefined ? () => isEverything : createScopeTest(scope);
    for (const { id, status } of held) {
      const theirs = listed.get(id);
      listed.delete(id);
      if (theirs === undefined ? covers(id) : theirs !== hash(status)) put(id, 'resync_response');
    }
    if (scope === undefined || listed.size === 0) return;
    putNote(`gone ${JSON.stringify(scope)}`, { gone: [...listed.keys()] }, { sequenceid: sequence });
  }

  function putNote(key: string, data: JsonValue, extensions: { readonly sequenceid?: string }): void {
    outbox.put(key, (publish) => publish(toNote(data, extensions)));
  }

  function toNote(data: JsonValue, extensions: { readonly sequenceid?: string }): CloudEvent {
    return writer.write(toType('resync_response'), { originalsource: originalSource, ...extensions }, data);
  }

  function hash(status: Status): string {
    return codec.hashStatus(codec.encodeStatus(status));
  }

  function toType(action: Action): EventType {
    return { resource: codec.resource, part: 'status', action };
  }

  return {
    publish: (id) => put(id, 'update_request'),
    retract: (id) => put(id, 'update_request', 'gone'),
    receive(event) {
      const request = parse(StatusResyncRequest, event.data, 'status resync request');
      const key = request.digest === undefined ? `list ${JSON.stringify(request.scope)}` : 'digest';
      if (requests.put(key, request) === 'full') report.drop('overflow', event, undefined);
    },
    [Symbol.asyncDispose]: () => requests[Symbol.asyncDispose](),
  };
}
