import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { hashToken, makeToken } from '../../../hub/identity/token-text.ts';
import type { LogWriter } from '../../../hub/logs/log-store.ts';
import type { AttemptResult } from '../../../protocol/attempt-result.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemRandom } from '../../../runtime/random.ts';
import type { ApiHarness } from './api-harness.ts';

/** An agent that is enrolled and holds its lease, without being a process. */
export interface EnrolledAgent {
  readonly id: string;
  readonly name: string;
  readonly leaseEpoch: number;
}

/** One attempt whose document was sent, to be driven by a test. */
export interface AttemptRun {
  readonly attempt: string;
  readonly writer: LogWriter;
  write(text: string, at?: number): Promise<void>;
  end(result?: Partial<AttemptResult>): Promise<void>;
}

export async function enrolAgent({ store }: ApiHarness, name: string, account = 'default'): Promise<EnrolledAgent> {
  const at = systemClock.now();
  const hash = hashToken(makeToken('join', systemRandom));
  const token = {
    id: systemRandom.orderedUuid(),
    account,
    usesLeft: 1,
    expiresAt: null,
    allowedLabels: [],
    labels: { site: 'ams' },
    ephemeral: false,
  };
  await store.apply('create-join-token', { token, hash, actor: 'hub', at });
  const { publicKey } = generateKeyPairSync('ed25519');
  const result = await store.apply('enrol-agent', {
    joinTokenHash: hash,
    agentId: systemRandom.orderedUuid(),
    name,
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    claimedLabels: {},
    at,
  });
  assert.ok('agent' in result);
  const lease = await store.apply('take-lease', { agentId: result.agent.id, owner: 'h1', expiresAt: at + 60_000, at });
  assert.ok(lease.type === 'taken');
  return { id: result.agent.id, name, leaseEpoch: lease.epoch };
}

export async function submitJob(
  api: ApiHarness,
  body: object = { automation: 'greet' },
  token?: string,
): Promise<string> {
  const answer = await api.call('/api/v1/jobs', { body, ...(token === undefined ? {} : { token }) });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.id;
}

/** Offers the job to the agent and opens the session, as the hub does. */
export async function startAttempt(api: ApiHarness, jobId: string, agent: EnrolledAgent): Promise<AttemptRun> {
  const { store, logs } = api;
  const attempt = systemRandom.orderedUuid();
  const epoch = { leaseEpoch: agent.leaseEpoch, opens: 1 };
  const offered = await store.apply('offer-attempt', {
    jobId,
    attemptId: attempt,
    agentId: agent.id,
    leaseEpoch: agent.leaseEpoch,
    digest: null,
    retrySafe: false,
    at: systemClock.now(),
  });
  assert.equal(offered.type, 'offered');
  const opened = await store.apply('open-attempt', {
    attemptId: attempt,
    agentId: agent.id,
    folderId: systemRandom.uuid(),
    have: 'claimed',
    epoch,
    at: systemClock.now(),
  });
  assert.equal(opened.type, 'job');
  const writer = await logs.write(attempt);
  const hash = createHash('sha256');

  return {
    attempt,
    writer,
    async write(text, at = systemClock.now()) {
      hash.update(text, 'latin1');
      await writer.append(Buffer.from(text, 'latin1'), at);
      await writer.flush();
    },
    async end(result = {}) {
      const log = { bytes: writer.length, sha256: await writer.digest(), complete: true, gaps: [], trailing: 0 };
      assert.equal(log.sha256, hash.digest('hex'));
      const ended = await store.apply('end-attempt', {
        attemptId: attempt,
        agentId: agent.id,
        epoch,
        result: {
          outcome: 'succeeded',
          cause: 'exit-code',
          message: 'ended with status 0',
          started: true,
          exitCode: 0,
          signal: null,
          outputs: { answer: 42 },
          log,
          escaped: 0,
          startedAt: null,
          endedAt: new Date(systemClock.now()).toISOString(),
          usage: null,
          ...result,
        },
        storedLog: { bytes: log.bytes, sha256: log.sha256, complete: true, gaps: [] },
        retrySafe: true,
        at: systemClock.now(),
      });
      assert.equal(ended.type, 'accepted');
    },
  };
}
