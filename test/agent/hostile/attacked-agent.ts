import assert from 'node:assert/strict';
import { type StatusLimits, startStatusServer } from '../../../agent/status-server.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { countSockets } from '../../support/count-sockets.ts';
import { head, type RawTarget, statusesOf, talk } from '../../support/raw-client.ts';
import { until } from '../../support/until.ts';
import { createAgentPlace, waitFor } from '../agent-place.ts';

/** An agent with a job that runs all through an attack on its status. */
export interface AttackedAgent extends AsyncDisposable {
  readonly target: RawTarget;
  /** The job has printed more since it was asked. */
  goesOn(): Promise<void>;
  /** Waits until no connection of the attack is left, and looks that the status is served and the job ends as it should. */
  finish(): Promise<void>;
}

export async function startAttackedAgent(limits: Partial<StatusLimits> = {}): Promise<AttackedAgent> {
  await using opened = new AsyncDisposableStack();
  const place = opened.use(await createAgentPlace());
  const agent = await place.start();
  const server = opened.use(
    await startStatusServer({
      listen: { host: '127.0.0.1', port: 0 },
      status: () => agent.status(),
      clock: systemClock,
      limits,
    }),
  );
  const run = `until [ -e "$GATE/end" ]; do echo tick; sleep 0.05; done; ${waitFor('end')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).length > 0, 'the job to be up');
  const target = { port: Number(new URL(server.address).port) };
  const before = countSockets();
  const disposables = opened.move();

  async function goesOn(): Promise<void> {
    const { length } = place.hub.log(id);
    await place.hub.until(() => place.hub.log(id).length > length, 'the job to print more');
  }

  return {
    target,
    goesOn,
    async finish() {
      await goesOn();
      await until('all connections of the attack to be gone', () => countSockets() <= before);
      const said = await talk(target, head('GET /readyz HTTP/1.1', 'Host: localhost', 'Connection: close'));
      assert.deepEqual(statusesOf(said), [200], said);
      await place.open('end');
      const result = await place.hub.result(id);
      assert.equal(result.outcome, 'succeeded');
      assert.match(String(place.hub.log(id)), /^(?:tick\n)+$/);
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}
