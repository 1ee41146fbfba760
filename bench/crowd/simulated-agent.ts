import { generateKeyPairSync, sign } from 'node:crypto';
import type { AgentKey } from '../../agent/agent-key.ts';
import { areOtherMeasures } from '../../agent/are-other-measures.ts';
import { createControlLink } from '../../agent/control-link.ts';
import { enrol } from '../../agent/enrolment.ts';
import { createAgentCredential } from '../../agent/identity.ts';
import { defaultLinkLimits } from '../../agent/link-limits.ts';
import type { LinkState } from '../../agent/link-state.ts';
import { createSyncClients, type SyncClients } from '../../agent/sync-clients.ts';
import type { AgentReport } from '../../protocol/agent-report.ts';
import type { FactsReport } from '../../protocol/facts.ts';
import { protocolVersion } from '../../protocol/hello.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { toKeyFingerprint } from '../../runtime/key-fingerprint.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { createDirectOutlet } from '../../runtime/network/outlet.ts';
import { systemRandom } from '../../runtime/random.ts';
import { version } from '../../runtime/version.ts';
import { createGrpcTransport } from '../../transports/grpc/grpc-transport.ts';
import { agentLimits } from '../../transports/limits.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import { toWireUrl, type Wire } from '../wire.ts';

export interface SimulatedAgentOptions {
  /** `http://…` */
  readonly hubUrl: string;
  readonly wire: Wire;
  readonly joinToken: string;
  readonly name: string;
  /** The longest wait between two dials. */
  readonly maxRetryMs: number;
  /** Which of the machine's own addresses it dials from. */
  readonly localAddress: string;
  readonly onState: (state: LinkState) => void;
  readonly signal: AbortSignal;
}

/**
 * An agent as its hub sees it: enrolled with a key of its own, on a connection of its own, with the link and the resources of a real one. It
 * measures, and reports what it found, as a real idle agent does. There are no jobs, and nothing of it is on a disk.
 */
export interface SimulatedAgent {
  /** Dials for as long as `signal` is not aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

const openTransport = { websocket: createWebsocketTransport, grpc: createGrpcTransport } as const;

/** As a real agent, which measures the lag of its loop so often. */
const measureEveryMs = 15_000;
const digest = 'a'.repeat(64);

const automations: AgentReport['automations'] = ['deploy', 'restart', 'report'].map((name) => ({
  name,
  kind: 'command',
  executor: 'process',
  digest,
  description: `What ${name} does, in a sentence as people write them`,
  parameters: {
    type: 'object',
    properties: { host: { type: 'string', maxLength: 253 }, count: { type: 'integer', minimum: 1 } },
    additionalProperties: false,
  },
  outputs: null,
  timeoutSeconds: 600,
  retrySafe: false,
  maxConcurrent: null,
}));

/** Two probes, as an agent has that nobody gave others. About a kilobyte each. */
function createFacts(name: string): readonly FactsReport[] {
  const lines = Array.from({ length: 12 }, (_, index) => [`key${index}`, `${name}: a value of some length, ${index}`]);
  return ['host', 'listening'].map((probe) => ({
    probe,
    digest,
    facts: Object.fromEntries(lines),
    collectedAt: new Date(0).toISOString(),
    durationMs: 20,
    volatile: [],
    error: null,
  }));
}

function createKey(): AgentKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    publicKey: spki,
    fingerprint: toKeyFingerprint(spki),
    sign: (text) => sign(null, Buffer.from(text), privateKey),
  };
}

/** Resolves when the agent is enrolled. */
export async function createSimulatedAgent(options: SimulatedAgentOptions): Promise<SimulatedAgent> {
  const { hubUrl, wire, joinToken, name, maxRetryMs, localAddress, onState, signal } = options;
  const key = createKey();
  const common = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const { id } = await enrol({
    ...common,
    hubUrls: [hubUrl],
    joinToken,
    name,
    labels: { site: 'crowd' },
    key,
    fetch,
    signal,
  });
  const outlet = createDirectOutlet({ ...common, localAddress });
  const url = toWireUrl(hubUrl, wire);
  const transport = openTransport[wire]({ ...common, url, limits: agentLimits, outlet });
  const told = { lagMs: 0 };
  const clients = createClients(id, name, told);
  const bootId = systemRandom.uuid();
  const link = createControlLink({
    ...common,
    ways: [{ url, ...transport }],
    credential: createAgentCredential(id, key),
    agentId: id,
    hello: () => ({ version, bootId, protocols: [protocolVersion], attempts: 0, seen: null }),
    guard: { judge: async () => ({ type: 'trusted' }), heard: () => {}, seen: null, takeTrust: async () => false },
    router: clients.router,
    onChange: onState,
    onTrusted: () => {},
    loops: createLoopBoard(systemClock),
    limits: { ...defaultLinkLimits, maxRetryMs },
  });
  return {
    async run(running) {
      const timer = measureForEver(systemClock, (lagMs) => {
        if (!areOtherMeasures({ loopLagMs: lagMs, values: null }, { loopLagMs: told.lagMs, values: null })) return;
        told.lagMs = lagMs;
        clients.agents.publishStatus(id);
      });
      await link.run(running);
      timer.cancel();
      await clients[Symbol.asyncDispose]();
    },
  };
}

/** Nothing is told of these. */
const none = { statuses: { list: async () => [], get: async () => null } };

function createClients(id: string, name: string, told: { readonly lagMs: number }): SyncClients {
  const facts = createFacts(name);
  const report = (): AgentReport => ({
    labels: { site: 'crowd' },
    version,
    bootId: name,
    platform: { os: 'linux', arch: 'x64', release: '6.1.0', hostname: name, node: process.version },
    transport: 'websocket',
    sessionAddress: null,
    slots: { total: 8, used: 0 },
    automations,
    health: { state: 'ok', problems: [] },
    loopLagMs: told.lagMs,
    admission: null,
    key: null,
    clusters: [],
  });
  return createSyncClients({
    agentId: id,
    onResynced: () => {},
    jobs: { handler: { apply: async () => {} }, statuses: { list: async () => [], get: async () => null } },
    agents: {
      handler: { apply: async () => {} },
      statuses: { list: async () => [{ id, status: report() }], get: async () => report() },
    },
    nodes: none,
    apps: none,
    facts: {
      statuses: {
        list: async () => facts.map((status) => ({ id: status.probe, status })),
        get: async (probe) => facts.find((status) => status.probe === probe) ?? null,
      },
    },
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
}

/** The first comes at a random time: agents were not started together. What is measured is the lag of an agent that has nothing to do. */
function measureForEver(clock: Clock, measured: (lagMs: number) => void): { cancel(): void } {
  let timer = clock.schedule(Math.random() * measureEveryMs, next);
  function next(): void {
    measured(10 + Math.random());
    timer = clock.schedule(measureEveryMs, next);
  }
  return { cancel: () => timer.cancel() };
}
