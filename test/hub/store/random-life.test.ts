import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AgentRecord, JobRecord } from '../../../hub/store/records.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import { causeNames } from '../../../protocol/cause.ts';
import type { Have } from '../../../protocol/session-frame.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createScene, reportOf, type Scene, type Try } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { ReferenceJob, type ReferenceOutcome, type ReferenceState } from './reference-job.ts';

checkLeaks();

/** `attempt` counts from the newest back, so that short lists of steps hit what matters. */
type Play =
  | { readonly type: 'offer' | 'cancel' | 'expire' | 'close-window' }
  | { readonly type: 'withdraw' | 'decline' | 'state-lost' | 'silence' | 'report'; readonly attempt: number }
  | {
      readonly type: 'open';
      readonly attempt: number;
      readonly folder: number;
      readonly have: Have;
      readonly old: boolean;
    }
  | { readonly type: 'end'; readonly attempt: number; readonly outcome: ReferenceOutcome };

const attempt = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(2) });
const play: fc.Arbitrary<Play> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('offer' as const) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      type: fc.constant('open' as const),
      attempt,
      folder: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constant(2)),
      have: fc.oneof(
        { weight: 3, arbitrary: fc.constant('claimed' as const) },
        fc.constantFrom<Have>('document', 'started', 'ended'),
      ),
      old: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('end' as const),
      attempt,
      outcome: fc.constantFrom<ReferenceOutcome>('succeeded', 'failed', 'cancelled', 'lost', 'never-started'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('silence' as const), attempt }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('withdraw', 'decline', 'state-lost', 'report'), attempt }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('cancel', 'expire', 'close-window') }) },
);

const claim: Play = { type: 'open', attempt: 0, folder: 1, have: 'claimed', old: false };
const silence: Play = { type: 'silence', attempt: 0 };

/** Single steps, and some that lead far together. */
const life: fc.Arbitrary<readonly Play[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: play.map((step) => [step]) },
      { weight: 2, arbitrary: fc.constant([{ type: 'offer' } as const, claim]) },
      { weight: 2, arbitrary: fc.constant([{ type: 'offer' } as const, claim, silence]) },
    ),
    { minLength: 3, maxLength: 14, size: 'max' },
  )
  .map((chunks) => chunks.flat());

const finalStates: readonly ReferenceState[] = ['succeeded', 'failed', 'cancelled', 'lost-final'];

function toReferenceState({ state, cause }: JobRecord): string {
  if (state !== 'lost') return state;
  return cause === 'agent-lost' ? 'lost-correctable' : 'lost-final';
}

/** Plays one list of steps on the store and on the reference, and holds one against the other after each. */
async function playLife(scene: Scene, agent: AgentRecord, plays: readonly Play[], retrySafe: boolean): Promise<void> {
  const reference = new ReferenceJob(retrySafe);
  const job = await scene.submit({
    automation: retrySafe ? 'safe' : 'unsafe',
    secretNames: ['p'],
    secrets: new Uint8Array([1]),
    expiresAt: 1,
    retry: { limit: 1, on: causeNames },
  });
  const tries: Try[] = [];
  const opened = new Set<Try>();
  const gotDocument = new Set<number>();
  const folders = [systemRandom.uuid(), systemRandom.uuid()];
  let before = await scene.job(job);
  let commits = scene.store.commits();

  for (const step of plays) {
    const index = 'attempt' in step ? tries.length - 1 - step.attempt : 0;
    const tried = tries[index];
    switch (step.type) {
      case 'offer':
        if (reference.offer()) tries.push(await scene.offer(job, agent));
        break;
      case 'cancel':
        reference.cancel();
        await scene.cancel(job);
        break;
      case 'expire':
        reference.expire();
        await scene.apply('expire-jobs', {});
        break;
      case 'close-window':
        reference.closeWindow();
        await scene.apply('close-corrections', { before: scene.now() + 1_000_000 });
        break;
      default:
        if (tried !== undefined) await playAttempt(step, index, tried);
    }

    const after = await scene.job(job);
    assert.equal(toReferenceState(after), reference.state, `after ${JSON.stringify(step)}`);
    for (const [position, one] of tries.entries()) {
      const { state, documentSentAt } = await scene.attempt(one);
      const { withdrawn, documentSent, result, lost } = reference.attempts[position] ?? assert.fail();
      const expected = withdrawn
        ? 'withdrawn'
        : result !== null
          ? 'ended'
          : lost !== 'no'
            ? `${lost}-lost`
            : documentSent
              ? 'running'
              : 'offered';
      assert.deepEqual([state, documentSentAt !== null], [expected, documentSent], `attempt ${position}`);
    }
    checkInvariants(before, after);
    before = after;
  }

  async function playAttempt(step: Extract<Play, { attempt: number }>, index: number, tried: Try): Promise<void> {
    switch (step.type) {
      case 'withdraw':
        reference.withdraw(index);
        await scene.apply('withdraw-offer', { attemptId: tried.id, why: 'timeout', message: null });
        break;
      case 'decline':
        reference.withdraw(index);
        await scene.decline(tried, 'no-slot');
        break;
      case 'state-lost':
        reference.loseFolder(index);
        await scene.decline(tried, 'state-lost');
        break;
      case 'silence':
        reference.silence(index);
        await scene.apply('lose-attempts', { attemptIds: [tried.id], retrySafe: [retrySafe] });
        break;
      case 'report':
        await scene.apply('report-attempt', {
          attemptId: tried.id,
          agentId: agent.id,
          report: { type: 'running', startedAt: null },
        });
        break;
      case 'open': {
        const folderId = folders[step.folder - 1] ?? '';
        if (step.old && opened.has(tried)) {
          const epoch = { leaseEpoch: 0, opens: 99 };
          assert.equal((await scene.open(tried, step.have, { folderId, epoch })).type, 'replaced');
          tried.opens--;
          break;
        }
        const hadSecrets = reference.secrets;
        const expected = reference.open(index, step.folder, step.have);
        const answer = await scene.open(tried, step.have, { folderId });
        if (answer.type !== 'job') {
          assert.equal(answer.type, expected);
          tried.opens--;
          break;
        }
        opened.add(tried);
        assert.equal(`${answer.desired}${answer.document === null ? '' : ' with document'}`, expected);
        if (answer.document !== null) {
          assert.ok(answer.secrets !== null, 'a document never goes without its secrets');
          checkDocument(index);
        } else if (step.have !== 'claimed') {
          assert.equal(answer.secretsGone, !hadSecrets);
        }
        break;
      }
      case 'end':
        if (!opened.has(tried)) break;
        reference.result(index, step.outcome);
        await scene.end(tried, step.outcome, { retrySafe });
        break;
    }
  }

  function checkDocument(index: number): void {
    gotDocument.add(index);
    if (retrySafe) return;
    for (const earlier of gotDocument) {
      const { result } = reference.attempts[earlier] ?? assert.fail();
      assert.ok(earlier >= index || result === 'never-started', 'an unsafe job went out twice');
    }
  }

  function checkInvariants(from: JobRecord, to: JobRecord): void {
    const [was, is] = [toReferenceState(from), toReferenceState(to)] as ReferenceState[];
    assert.ok(was === is || !finalStates.includes(was ?? 'queued'), `${was} became ${is}`);
    assert.ok(to.version >= from.version && (was === is || to.version > from.version));
    assert.ok(from.cancelRequestedAt === null || was === is || is !== 'queued', 'queued again after a cancel');
    assert.ok(scene.store.commits() >= commits);
    commits = scene.store.commits();
  }
}

test('whatever happens in whatever order, the store says what the page of the attempt says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-life-'));
  {
    await using store = await openSqliteStore({ folder, logger: silentLogger, random: systemRandom });
    const scene = createScene(store);
    const agent = await scene.agent();
    const automation = {
      kind: 'command',
      executor: 'process',
      digest: 'ab'.repeat(32),
      description: null,
      parameters: null,
      outputs: null,
      timeoutSeconds: null,
      maxConcurrent: null,
    };
    const automations = [
      { ...automation, name: 'safe', retrySafe: true },
      { ...automation, name: 'unsafe', retrySafe: false },
    ];
    await scene.apply('record-agent-report', { agentId: agent.id, labels: null, report: reportOf({ automations }) });

    await fc.assert(
      fc.asyncProperty(life, fc.boolean(), (plays, safe) => playLife(scene, agent, plays, safe)),
      { numRuns: 1000 },
    );
  }
  rmSync(folder, { recursive: true });
});
