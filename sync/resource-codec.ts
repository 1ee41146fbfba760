import type { z } from 'zod';
import type { ResourceType } from '../protocol/event-type.ts';
import type { JsonValue } from '../protocol/json.ts';
import { parse } from '../protocol/parse.ts';
import { hashStatus } from './status-hash.ts';

/** What differs from one resource type to another, as data. */
export interface ResourceTraits {
  readonly resource: ResourceType;
  /**
   * True: a resource that the source does not know is deleted on the agent, and deletions reach its handler.
   * False: neither absence nor a deletion changes anything there.
   */
  readonly deleteUnknown: boolean;
  /**
   * What the source does with a status of a newer spec than it has. That happens when its store was restored, or when another
   * replica was faster. `ignore` is Open Cluster Management's rule; `apply` keeps an agent visible after a restore.
   */
  readonly newerStatus: 'apply' | 'ignore';
  /** Both sides are ours: they compare digests, and a list says what it covers. False: plain Open Cluster Management lists. */
  readonly digests: boolean;
}

export interface SpecCodec<Spec> extends ResourceTraits {
  encodeSpec(spec: Spec): JsonValue;
  /** Throws `ProtocolError`. */
  decodeSpec(data: JsonValue): Spec;
}

export interface StatusCodec<Status> extends ResourceTraits {
  encodeStatus(status: Status): JsonValue;
  /** Throws `ProtocolError`. */
  decodeStatus(data: JsonValue): Status;
  /** Of the encoded status. */
  hashStatus(data: JsonValue): string;
}

/** How the values of a resource type travel. */
export interface ResourceCodec<Spec, Status> extends SpecCodec<Spec>, StatusCodec<Status> {}

/** A codec for values that are JSON as they are. What comes in is checked and narrowed by the schemas. */
export function createJsonCodec<Spec extends JsonValue, Status extends JsonValue>(
  options: ResourceTraits & { readonly spec: z.ZodType<Spec>; readonly status: z.ZodType<Status> },
): ResourceCodec<Spec, Status> {
  const { spec, status, ...traits } = options;
  return {
    ...traits,
    encodeSpec: (value) => value,
    decodeSpec: (data) => parse(spec, data, `${traits.resource} spec`),
    encodeStatus: (value) => value,
    decodeStatus: (data) => parse(status, data, `${traits.resource} status`),
    hashStatus,
  };
}
