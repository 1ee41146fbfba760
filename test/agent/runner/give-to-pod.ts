import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRunnerCatalog } from '../../../agent/runner/runner-catalog.ts';
import type { Job } from '../../../protocol/job.ts';
import type { HubFrame } from '../../../protocol/session-frame.ts';
import { type FakeAgent, startFakeAgent } from '../../support/fake-agent.ts';
import { createLocalPod, type LocalPod } from '../../support/local-pod.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { until } from '../../support/until.ts';

export interface GivenPod {
  readonly hub: TestHub;
  readonly agent: FakeAgent;
  readonly job: Job;
  readonly attempt: string;
  readonly pod: LocalPod;
  /** Another pod with the same ticket. */
  readonly another: () => Promise<LocalPod>;
  readonly ledger: string;
  readonly lines: () => Promise<readonly string[]>;
}

/** A job that its agent has handed over, and a pod in which nothing runs yet. */
export async function giveToPod(
  script: string,
  test: (given: GivenPod) => Promise<void>,
  {
    wire = 'ws',
    keys = '',
    request = {},
    environment = {},
    hubUrl,
  }: {
    readonly wire?: 'ws' | 'grpc';
    readonly keys?: string;
    readonly request?: object;
    /** Of the runner, besides what the pod gives it. */
    readonly environment?: Readonly<Record<string, string>>;
    /** The hub as the pod sees it. */
    readonly hubUrl?: (hub: TestHub) => Promise<string>;
  } = {},
): Promise<void> {
  await using hub = await startTestHub();
  const folder = await mkdtemp(join(tmpdir(), 'farhand-automation-'));
  const ledger = join(folder, 'ledger');
  const indented = script.replaceAll('LEDGER', ledger).replaceAll('\n', '\n  ');
  const automation = `kind: script\nscript: |\n  ${indented}\n${keys}`;
  await appendFile(ledger, '');
  try {
    const catalog = readRunnerCatalog({ path: join(folder, 'work.yaml'), text: automation }, { name: 'work' });
    const summary = catalog.current.automations.get('work')?.summary;
    assert.ok(summary, JSON.stringify(catalog.current.mistakes));
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    agent.report({ automations: [summary] });
    await until('the automation', async () => (await hub.agent('a1')).automations.some(({ name }) => name === 'work'));
    const job = await hub.submit({ automation: 'work', ...request });
    const offer = await agent.nextOffer();
    const session = await agent.openSession(offer.attempt, { handsOver: true, needsSecrets: false });
    const frame = (await session.next()) as Extract<HubFrame, { type: 'job' }>;
    await session.channel.close();
    const order = {
      attempt: offer.attempt,
      job: job.id,
      automation: 'work',
      digest: offer.digest,
      agent: { name: 'a1', labels: {} },
      environment: {},
      traceparent: null,
    };
    const ticket = frame.handover?.ticket ?? '';
    const url = (await hubUrl?.(hub)) ?? hub.address.replace('http', wire);
    const another = () => createLocalPod({ hubUrl: url, order, ticket, automation, environment });
    await using pod = await another();
    const lines = async () => (await readFile(ledger, 'utf8')).split('\n').filter((line) => line !== '');
    await test({ hub, agent, job, attempt: offer.attempt, pod, another, ledger, lines });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
