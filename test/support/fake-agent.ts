import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { AgentDesired, AgentReport } from '../../protocol/agent-report.ts';
import type { AppReport } from '../../protocol/app.ts';
import { formatEventType, resourceTypes } from '../../protocol/event-type.ts';
import type { FactsReport } from '../../protocol/facts.ts';
import { HubHello } from '../../protocol/hello.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { NodeReport } from '../../protocol/node.ts';
import type { AttemptReport, Offer } from '../../protocol/offer.ts';
import { parse } from '../../protocol/parse.ts';
import type { UnknownFrame } from '../../protocol/parse-frame.ts';
import {
  agentResource,
  appsResource,
  attemptResource,
  factsResource,
  nodesResource,
} from '../../protocol/resources.ts';
import type { AgentFrame, HubFrame, OpenFrame } from '../../protocol/session-frame.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { systemRandom } from '../../runtime/random.ts';
import { createAgentClient } from '../../sync/agent-client.ts';
import { createEventRouter } from '../../sync/event-router.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import { createSequenceIds } from '../../sync/sequence-ids.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../sync/sync-options.ts';
import { defaultLimits } from '../../transports/limits.ts';
import type { AgentSessionChannel } from '../../transports/session-transport.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import { createTestCredential } from './test-credential.ts';

/** An agent that speaks the real wire and does by hand what a test tells it: for tests of the hub. */
export interface FakeAgent extends AsyncDisposable {
  readonly id: string;
  /** Specs of attempts, as they come. */
  nextOffer(): Promise<Offer>;
  readonly desired: AgentDesired | null;
  say(attempt: string, report: Partial<AttemptReport>): void;
  report(change: Partial<AgentReport>): void;
  /** What a probe found. */
  tellFacts(probe: string, facts: JsonObject): void;
  /** Everything that it knows of the clusters that it watches. */
  tellInventory(known: { readonly nodes: readonly NodeReport[]; readonly apps: readonly AppReport[] }): void;
  openSession(attempt: string, over?: Partial<OpenFrame>): Promise<FakeSession>;
  /** Resolves when the control channel is over, whoever ended it. */
  readonly ended: Promise<void>;
  /** Ends the control channel and waits for it. */
  hangUp(): Promise<void>;
  connect(): Promise<void>;
}

export interface FakeSession {
  readonly channel: AgentSessionChannel;
  send(frame: AgentFrame): Promise<void>;
  next(): Promise<HubFrame | UnknownFrame | null>;
}

export interface FakeAgentOptions {
  readonly hub: string;
  readonly joinToken: string;
  readonly name: string;
  readonly automations?: readonly string[];
  readonly slots?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Left out: it is dialled directly, and nothing is shown. */
  readonly outlet?: Outlet;
}

export const fakeDigest = 'd'.repeat(64);

function createReport(options: FakeAgentOptions): AgentReport {
  return {
    labels: options.labels ?? {},
    version: '0.0.0',
    bootId: 'boot',
    platform: { os: 'linux', arch: 'x64', release: '1', hostname: 'host', node: '24' },
    transport: 'websocket',
    sessionAddress: null,
    slots: { total: options.slots ?? 1, used: 0 },
    automations: (options.automations ?? ['greet']).map((name) => ({
      name,
      kind: 'command',
      executor: 'process',
      digest: fakeDigest,
      description: null,
      parameters: null,
      outputs: null,
      timeoutSeconds: null,
      retrySafe: false,
      maxConcurrent: null,
    })),
    health: { state: 'ok', problems: [] },
    loopLagMs: 0,
    admission: null,
    key: null,
    clusters: [],
  };
}

async function enrol(options: FakeAgentOptions, publicKey: string, key: KeyObject): Promise<string> {
  const proof = sign(null, Buffer.from(`farhand-enrol-v1\n${publicKey}\n${options.name}`), key).toString('base64');
  const call = options.outlet === undefined ? fetch : createOutletFetch(options.outlet);
  const answer = await call(`${options.hub}/v1/enrol`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.joinToken}`,
      'content-type': 'application/json',
      'farhand-proof': proof,
    },
    body: JSON.stringify({ name: options.name, labels: options.labels ?? {}, publicKey }),
  });
  const body: { id?: string } = JSON.parse(await answer.text());
  if (body.id === undefined) throw new Error(`enrolment: ${answer.status} ${JSON.stringify(body)}`);
  return body.id;
}

/** Enrols, connects and reports. */
export async function startFakeAgent(options: FakeAgentOptions): Promise<FakeAgent> {
  const keys = generateKeyPairSync('ed25519');
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const id = await enrol(options, publicKey, keys.privateKey);
  const credential = createTestCredential(id, keys.privateKey);
  const common = { clock: systemClock, logger: silentLogger, random: systemRandom };
  const transport = createWebsocketTransport({
    url: options.hub,
    limits: defaultLimits,
    outlet: options.outlet,
    ...common,
  });

  let report = createReport(options);
  let desired: AgentDesired | null = null;
  const attempts = new Map<string, AttemptReport>();
  const offers: Offer[] = [];
  let wake = () => {};
  const shared = {
    ...common,
    source: id,
    cluster: id,
    originalSource: '',
    sequenceIds: createSequenceIds(systemClock),
    counters: createSyncCounters(),
    options: defaultSyncOptions,
  };
  const jobs = createAgentClient({
    ...shared,
    codec: createJsonCodec(attemptResource),
    statuses: {
      list: async () => [...attempts].map(([attempt, status]) => ({ id: attempt, status })),
      get: async (attempt) => attempts.get(attempt) ?? null,
    },
    handler: {
      async apply(entry) {
        if (entry.type !== 'wanted') return;
        offers.push(entry.spec);
        wake();
      },
    },
  });
  const agents = createAgentClient({
    ...shared,
    codec: createJsonCodec(agentResource),
    statuses: { list: async () => [{ id, status: report }], get: async () => report },
    handler: {
      async apply(entry) {
        if (entry.type === 'wanted') desired = entry.spec;
      },
    },
  });
  const found = new Map<string, FactsReport>();
  const facts = createAgentClient({
    ...shared,
    codec: createJsonCodec(factsResource),
    statuses: {
      list: async () => [...found].map(([probe, status]) => ({ id: probe, status })),
      get: async (probe) => found.get(probe) ?? null,
    },
    handler: { apply: async () => {} },
  });
  let inventory = { nodes: new Map<string, NodeReport>(), apps: new Map<string, AppReport>() };
  const nodes = createAgentClient({
    ...shared,
    codec: createJsonCodec(nodesResource),
    statuses: {
      list: async () => [...inventory.nodes].map(([node, status]) => ({ id: node, status })),
      get: async (node) => inventory.nodes.get(node) ?? null,
    },
    handler: { apply: async () => {} },
  });
  const apps = createAgentClient({
    ...shared,
    codec: createJsonCodec(appsResource),
    statuses: {
      list: async () => [...inventory.apps].map(([app, status]) => ({ id: app, status })),
      get: async (app) => inventory.apps.get(app) ?? null,
    },
    handler: { apply: async () => {} },
  });
  let opens = 0;
  let leaseEpoch = 0;
  let hangUp = async () => {};
  let over: Promise<void> = Promise.resolve();

  const agent: FakeAgent = {
    id,
    get desired() {
      return desired;
    },
    async nextOffer() {
      for (;;) {
        const offer = offers.shift();
        if (offer !== undefined) return offer;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    say(attempt, change) {
      const nothing = { phase: 'accepted', reason: null, message: null, startedAt: null, rawBytes: null } as const;
      attempts.set(attempt, { ...nothing, ...change });
      jobs.publishStatus(attempt);
    },
    report(change) {
      report = { ...report, ...change };
      agents.publishStatus(id);
    },
    tellFacts(probe, what) {
      const collectedAt = new Date().toISOString();
      found.set(probe, {
        probe,
        digest: fakeDigest,
        facts: what,
        collectedAt,
        durationMs: 1,
        volatile: [],
        error: null,
      });
      facts.publishStatus(probe);
    },
    tellInventory(known) {
      const before = inventory;
      inventory = {
        nodes: new Map(known.nodes.map((node) => [node.id, node])),
        apps: new Map(known.apps.map((app) => [app.id, app])),
      };
      for (const node of new Set([...before.nodes.keys(), ...inventory.nodes.keys()])) nodes.retractStatus(node);
      for (const app of new Set([...before.apps.keys(), ...inventory.apps.keys()])) apps.retractStatus(app);
    },
    async openSession(attempt, over = {}) {
      const signal = AbortSignal.timeout(10_000);
      const channel = await transport.session.openSession({ attempt, credential }, { signal });
      const frames = channel[Symbol.asyncIterator]();
      opens += 1;
      await channel.send({
        type: 'open',
        attempt,
        leaseEpoch,
        opens,
        folderId: '11111111-1111-4111-8111-111111111111',
        have: 'claimed',
        rawBytes: 0,
        needsDocument: true,
        needsSecrets: true,
        ...over,
      });
      return {
        channel,
        send: (frame) => channel.send(frame),
        async next() {
          const next = await frames.next();
          return next.done === true ? null : next.value;
        },
      };
    },
    get ended() {
      return over;
    },
    hangUp: () => hangUp(),
    async connect() {
      const channel = await transport.control.connect(credential, { signal: AbortSignal.timeout(10_000) });
      const events = channel[Symbol.asyncIterator]();
      await channel.send({
        specversion: '1.0',
        id: systemRandom.uuid(),
        source: id,
        type: formatEventType({ resource: resourceTypes.agents, part: 'status', action: 'update_request' }),
        clustername: id,
        data: { version: '0.0.0', bootId: 'boot', protocols: [1], attempts: 0 },
      });
      const hello = await events.next();
      leaseEpoch = parse(HubHello, hello.done === true ? null : hello.value.data, 'hello of the hub').leaseEpoch;
      const ended = new AbortController();
      const router = createEventRouter({
        ...shared,
        clients: [jobs, agents, facts, nodes, apps],
      });
      const reading = (async () => {
        for (let next = await events.next(); next.done !== true; next = await events.next()) router.receive(next.value);
        ended.abort();
      })();
      over = reading;
      const serving = router.serve((event) => channel.send(event), { signal: ended.signal });
      hangUp = async () => {
        await channel.close();
        await Promise.all([reading, serving]);
      };
    },
    async [Symbol.asyncDispose]() {
      await hangUp();
      await Promise.all([jobs, agents, facts, nodes, apps].map((client) => client[Symbol.asyncDispose]()));
    },
  };
  await agent.connect();
  agents.publishStatus(id);
  return agent;
}
