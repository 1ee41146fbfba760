import assert from 'node:assert/strict';
import { startFakeAgent } from '../../support/fake-agent.ts';
import { until } from '../../support/until.ts';
import { resultFor } from '../sessions/session-bench.ts';
import type { HostilePlace } from './hostile-place.ts';

/** What must be nowhere in an answer to somebody who may not read it. */
export const needles = ['needle-automation', 'needle-parameter', 'needle-agent', 'needle-output'];

/** An agent with a job that runs all through an attack. */
export interface HonestAgent extends AsyncDisposable {
  readonly id: string;
  readonly job: string;
  readonly attempt: string;
  /** Says something each way on the same control channel, and in the same session of the job. */
  stillWorks(): Promise<void>;
  /** Ends the job and looks that all its output is on the hub, once. */
  finish(): Promise<void>;
}

export async function startHonestAgent(place: HostilePlace): Promise<HonestAgent> {
  const read = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const { status, text } = await place.call(method, `/api/v1${path}`, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const { token } = await read('POST', '/join-tokens', { uses: 1 });
  const agent = await startFakeAgent({
    hub: place.address,
    joinToken: String(token),
    name: 'needle-agent',
    automations: ['needle-automation'],
    outlet: place.outletAs('needle-agent'),
  });
  let isOver = false;
  void agent.ended.then(() => {
    isOver = true;
  });
  const { id } = await read('POST', '/jobs', {
    automation: 'needle-automation',
    parameters: { value: 'needle-parameter' },
  });
  const { attempt } = await agent.nextOffer();
  const session = await agent.openSession(attempt);
  assert.equal((await session.next())?.type, 'job');
  agent.say(attempt, { phase: 'running', startedAt: new Date().toISOString() });
  let log = '';
  let rounds = 0;

  async function stillWorks(): Promise<void> {
    rounds += 1;
    const line = `needle-output ${rounds}\n`;
    await session.send({ type: 'log', offset: log.length, at: Date.now(), bytes: Buffer.from(line) });
    log += line;
    for (;;) {
      const frame = await session.next();
      assert.ok(frame !== null, 'the session of the job ended');
      if (frame.type === 'ack' && 'offset' in frame && frame.offset === log.length) break;
    }
    agent.report({ version: `0.0.${rounds}` });
    await until(
      'the report of the agent',
      async () => (await read('GET', '/agents/needle-agent'))['version'] === `0.0.${rounds}`,
    );
    await read('POST', '/agents/needle-agent/drain', { note: `round ${rounds}` });
    await until('the wish of the hub', () => agent.desired?.note === `round ${rounds}`);
    assert.equal(isOver, false, 'the control channel ended');
    assert.equal((await read('GET', `/jobs/${String(id)}`))['state'], 'running');
  }

  await stillWorks();
  place.settle();
  return {
    id: agent.id,
    job: String(id),
    attempt,
    stillWorks,
    async finish() {
      await stillWorks();
      await session.send({ type: 'result', result: resultFor(log) });
      await until('the job to end', async () => (await read('GET', `/jobs/${String(id)}`))['state'] === 'succeeded');
      assert.equal((await place.call('GET', `/api/v1/jobs/${String(id)}/log`)).text, log);
    },
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}
