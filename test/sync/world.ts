import { z } from 'zod';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { type AgentClient, createAgentClient } from '../../sync/agent-client.ts';
import { createEventRouter, type EventRouter } from '../../sync/event-router.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import { createSequenceIds } from '../../sync/sequence-ids.ts';
import { createSourceClient, type SourceClient } from '../../sync/source-client.ts';
import type { SpecEntry } from '../../sync/spec-entry.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions, type SyncOptions } from '../../sync/sync-options.ts';
import { connect, delivered, type Fate, type FaultyLink } from './faulty-link.ts';

export const Want = z.object({ want: z.string() });
export type Want = Readonly<z.infer<typeof Want>>;
export const Have = z.object({ have: z.string(), serial: z.int() });
export type Have = Readonly<z.infer<typeof Have>>;

export const cluster = 'agent-1';

/** The same chance every time: a test that fails once fails again. */
export function createTestRandom(seed = 1): Random {
  let state = seed;
  let made = 0;
  return {
    fraction() {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    },
    uuid: () => `00000000-0000-4000-8000-${String((made += 1)).padStart(12, '0')}`,
    orderedUuid: () => `00000000-0000-7000-8000-${String((made += 1)).padStart(12, '0')}`,
    bytes: (length) => new Uint8Array(length),
  };
}

export function createTestCodec(traits: { readonly deleteUnknown: boolean; readonly digests: boolean }) {
  return createJsonCodec({
    resource: 'io.farhand.test.things',
    newerStatus: 'apply',
    ...traits,
    spec: Want,
    status: Have,
  });
}

export type World = ReturnType<typeof createWorld>;

/**
 * A hub and an agent with durable stores (`specs`, `told`; `things`, `took`) and clients that a restart makes anew. The agent
 * answers each spec with a status of its own making.
 */
export function createWorld(given: {
  readonly deleteUnknown?: boolean;
  readonly digests?: boolean;
  /** The hub stores the hashes of statuses beside them, and deletes what the agent retracts. */
  readonly keepsHashes?: boolean;
  readonly options?: Partial<SyncOptions>;
}) {
  const options: SyncOptions = { ...defaultSyncOptions, ...given.options };
  const codec = createTestCodec({ deleteUnknown: given.deleteUnknown ?? false, digests: given.digests ?? true });
  const clock = createVirtualClock();
  const counters = createSyncCounters();
  const random = createTestRandom();
  const common = { codec, cluster, clock, random, logger: silentLogger, counters, options };
  const router = (client: SourceClient<Want> | AgentClient): EventRouter =>
    createEventRouter({ ...common, clients: [client] });
  let wallShiftMs = 0;
  let version = 0;
  let serial = 0;
  const nextHave = (have: string): Have => ({ have, serial: (serial += 1) });

  /** The hub's store: the truth about specs, and what it was told of statuses. */
  const specs = new Map<string, SpecEntry<Want>>();
  const told = new Map<string, Have>();
  const hashes = new Map<string, string>();
  /** The agent's store: the truth about statuses, and what it took of specs. */
  const things = new Map<string, Have>();
  const took = new Map<string, SpecEntry<Want>>();

  /** What went backwards, as long as a client lived: the sink's statuses and the handler's specs. */
  const regressions: string[] = [];

  const createSource = () => {
    const serials = new Map<string, number>();
    return createSourceClient<Want, Have>({
      ...common,
      source: 'hub',
      specs: {
        versions: async () =>
          [...specs.values()].map(({ id, version, type }) => ({ id, version, deleted: type === 'deleted' })),
        get: async (id) => specs.get(id) ?? null,
      },
      sink: {
        held: async () => (given.keepsHashes === true ? [...hashes].map(([id, value]) => ({ id, value })) : []),
        async forget(id) {
          if (given.keepsHashes !== true) return;
          told.delete(id);
          hashes.delete(id);
        },
        async apply({ id, hash, status }) {
          hashes.set(id, hash);
          if (status.serial < (serials.get(id) ?? 0)) regressions.push(`status of ${id}`);
          serials.set(id, status.serial);
          told.set(id, status);
        },
      },
    });
  };
  const createAgent = () => {
    const versions = new Map<string, number>();
    const agentClock = { ...clock, now: () => clock.now() + wallShiftMs, monotonic: () => clock.monotonic() };
    return createAgentClient<Want, Have>({
      ...common,
      source: cluster,
      originalSource: '',
      statuses: {
        list: async () => [...things].map(([id, status]) => ({ id, status })),
        get: async (id) => things.get(id) ?? null,
      },
      handler: {
        async apply(entry) {
          if (entry.version < (versions.get(entry.id) ?? 0)) regressions.push(`spec of ${entry.id}`);
          versions.set(entry.id, entry.version);
          took.set(entry.id, entry);
          if (entry.type === 'deleted') things.delete(entry.id);
          else if (!things.has(entry.id)) things.set(entry.id, nextHave('took'));
        },
      },
      sequenceIds: createSequenceIds(agentClock),
    });
  };
  let source = createSource();
  let agent = createAgent();
  let link: FaultyLink | null = null;

  const world = {
    clock,
    counters: counters.counts,
    options,
    specs,
    told,
    things,
    took,
    regressions,
    get source() {
      return source;
    },
    get agent() {
      return agent;
    },
    get events() {
      return link?.events ?? [];
    },
    bytesSince(index: number): number {
      return world.events.slice(index).reduce((sum, { bytes }) => sum + bytes, 0);
    },
    async connect(decide: (event: CloudEvent, index: number) => Fate = () => delivered): Promise<void> {
      await world.disconnect();
      link = connect({ source: router(source), agent: router(agent), clock, decide });
    },
    /** Both sides receive it, as if it had come over the link. */
    inject(event: CloudEvent): void {
      router(source).receive(event);
      router(agent).receive(event);
    },
    async disconnect(): Promise<void> {
      await link?.[Symbol.asyncDispose]();
      link = null;
    },
    async restartSource(): Promise<void> {
      await world.disconnect();
      await source[Symbol.asyncDispose]();
      source = createSource();
    },
    async restartAgent(shiftMs = 0): Promise<void> {
      await world.disconnect();
      await agent[Symbol.asyncDispose]();
      wallShiftMs += shiftMs;
      agent = createAgent();
    },
    /** Changes the hub's truth and says so. */
    want(id: string, want: string): void {
      const entry: SpecEntry<Want> = { type: 'wanted', id, version: (version += 1), spec: { want }, traceparent: null };
      specs.set(id, entry);
      source.publishSpec(entry);
    },
    delete(id: string): void {
      const entry: SpecEntry<Want> = {
        type: 'deleted',
        id,
        version: (version += 1),
        deletedAt: new Date(clock.now()).toISOString(),
      };
      specs.set(id, entry);
      source.publishSpec(entry);
    },
    /** Changes the agent's truth and says so. */
    have(id: string, have: string): void {
      things.set(id, nextHave(have));
      agent.publishStatus(id);
    },
    /** The agent has the thing no more, and says so. */
    lack(id: string): void {
      things.delete(id);
      agent.retractStatus(id);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await world.disconnect();
      await source[Symbol.asyncDispose]();
      await agent[Symbol.asyncDispose]();
    },
  };
  return world;
}
