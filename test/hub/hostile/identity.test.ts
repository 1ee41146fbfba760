import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createGrpcTransport } from '../../../transports/grpc/grpc-transport.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import { controlTarget, sessionTarget } from '../../../transports/targets.ts';
import { TransportError } from '../../../transports/transport-error.ts';
import { createWebsocketTransport } from '../../../transports/websocket/websocket-transport.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openAndListen } from '../../support/open-and-listen.ts';
import { type HonestAgent, needles, startHonestAgent } from './honest-agent.ts';
import { startHostilePlace } from './hostile-place.ts';
import { enrolThief, type Thief } from './thief.ts';

checkLeaks();

const common = { limits: defaultLimits, clock: systemClock, logger: silentLogger };
const wires = {
  websocket: (address: string) => createWebsocketTransport({ url: address, ...common }),
  grpc: (address: string) => createGrpcTransport({ url: address.replace('http:', 'grpc:'), ...common }),
} as const;

/** Longer than a challenge stands. */
const lifeMs = 10 * 60_000;

interface Case {
  /** The attempt that a session is dialled for; null for the control channel. */
  readonly attempt: string | null;
  readonly present: string;
  /** How much later it is presented than the challenge was given. */
  readonly laterMs?: number;
}

interface Parties {
  readonly thief: Thief;
  /** An agent of another hub. */
  readonly foreigner: Thief;
  readonly agent: HonestAgent;
  readonly foreignChallenge: string;
}

/** By what is wrong with it. Each proof is well signed, with a key that is the thief's own. */
const cases: Readonly<Record<string, (parties: Parties) => Case>> = {
  'a session with what was signed for the control channel': ({ thief, agent }) => ({
    attempt: agent.attempt,
    present: thief.present(controlTarget),
  }),
  'the control channel with what was signed for a session': ({ thief, agent }) => ({
    attempt: null,
    present: thief.present(sessionTarget(agent.attempt)),
  }),
  'a session with what was signed for another one': ({ thief, agent }) => ({
    attempt: agent.attempt,
    present: thief.present(sessionTarget(randomUUID())),
  }),
  'the control channel of another agent': ({ thief, agent }) => ({
    attempt: null,
    present: thief.present(controlTarget, agent.id),
  }),
  'the session of another agent, in its name': ({ thief, agent }) => ({
    attempt: agent.attempt,
    present: thief.present(sessionTarget(agent.attempt), agent.id),
  }),
  'the control channel with a challenge that nobody gave': ({ thief }) => ({
    attempt: null,
    present: thief.present(controlTarget, thief.id, Buffer.alloc(34, 1).toString('base64url')),
  }),
  'the control channel with a challenge of another hub': ({ thief, foreignChallenge }) => ({
    attempt: null,
    present: thief.present(controlTarget, thief.id, foreignChallenge),
  }),
  'the control channel as an agent of another hub': ({ foreigner }) => ({
    attempt: null,
    present: foreigner.present(controlTarget),
  }),
  'the control channel with a proof that was heard, when its challenge is over': ({ thief }) => ({
    attempt: null,
    present: thief.present(controlTarget),
    laterMs: lifeMs + 1_000,
  }),
  'a session with a proof that was heard, when its challenge is over': ({ thief, agent }) => ({
    attempt: agent.attempt,
    present: thief.present(sessionTarget(agent.attempt)),
    laterMs: lifeMs + 1_000,
  }),
  'a session with an agent and no proof': ({ agent }) => ({ attempt: agent.attempt, present: `agent=${agent.id}` }),
};

/** What is behind `Farhand` in a header. */
const toText = (header: string) => header.replace('Authorization: Farhand ', '');

for (const [name, open] of Object.entries(wires)) {
  describe(`a stolen or strange proof over ${name}`, () => {
    it('opens nothing, and a job that runs goes on', async () => {
      let laterMs = 0;
      const clock: Clock = {
        ...systemClock,
        now: () => systemClock.now() + laterMs,
        // Nobody is hung up on for being late: who was refused and has gone must not be waited for.
        schedule: (delayMs, callback, options) =>
          systemClock.schedule(options?.background === true ? delayMs * 1_000 : delayMs, callback, options),
      };
      await using place = await startHostilePlace({ clock });
      await using elsewhere = await startHostilePlace();
      const foreigner = await enrolThief(elsewhere);
      const thief = await enrolThief(place);
      await using agent = await startHonestAgent(place);
      const [, foreignChallenge = ''] = /challenge=([^,]+)/.exec(foreigner.present(controlTarget)) ?? [];
      for (const [what, toCase] of Object.entries(cases)) {
        const { attempt, present, laterMs: later = 0 } = toCase({ thief, foreigner, agent, foreignChallenge });
        const { control, session } = open(place.address);
        const credential = { present: async () => toText(present) };
        const signal = AbortSignal.timeout(30_000);
        laterMs = later;

        const dial =
          attempt === null
            ? control.connect(credential, { signal })
            : session.openSession({ attempt, credential }, { signal });

        await assert.rejects(dial, (error) => {
          assert.ok(error instanceof TransportError, `${what}: ${String(error)}`);
          assert.equal(error.code, 'unauthorized', `${what}: ${error.message}`);
          for (const needle of needles) assert.ok(!error.message.includes(needle), what);
          return true;
        });
        laterMs = 0;
      }

      await place.calm();
      await agent.finish();
    });

    it('that is good for a session opens no other attempt in it', async () => {
      await using place = await startHostilePlace();
      const thief = await enrolThief(place);
      await using agent = await startHonestAgent(place);
      const { session } = open(place.address);
      for (const attempt of [agent.attempt, randomUUID()]) {
        const credential = { present: async () => toText(thief.present(sessionTarget(attempt))) };
        await using channel = await session.openSession(
          { attempt, credential },
          { signal: AbortSignal.timeout(30_000) },
        );
        const frames = await openAndListen(channel, agent.attempt);

        assert.deepEqual(
          frames.map(({ type }) => type),
          ['error'],
        );
        const text = JSON.stringify(frames);
        for (const needle of needles) assert.ok(!text.includes(needle), text);
      }

      await place.calm();
      await agent.finish();
    });
  });
}
