import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuditEvent } from '../../protocol/audit.ts';
import { answerJson, answerProblem, startFakeApi } from '../support/fake-api.ts';
import { startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { startTestHub } from '../support/test-hub.ts';

checkLeaks();

function sampleEvent(change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: 'Y-gweNqUoojtj_B-mK0PGw',
    at: '2030-01-01T12:00:00.000Z',
    account: 'default',
    actor: 'token:t1',
    action: 'token.created',
    object: 'token:t2',
    data: { role: 'viewer' },
    requestId: 'r1',
    remote: '192.0.2.1',
    ...change,
  };
}

describe('farhand audit', () => {
  it('prints a line for each event, and asks for what was asked for', async () => {
    await using api = await startFakeApi({
      'GET /audit': (_, response) => answerJson(response, { items: [sampleEvent()], nextCursor: null }),
    });
    const environment = { FARHAND_HUB_URL: api.address };
    const words = 'audit --action token --actor token:t1 --object token:t2 --account acme --limit 7';

    const plain = await runCommand([...words.split(' '), '--since', '2030-01-01T12:00:00+02:00'], { environment });
    const json = await runCommand(['audit', '--json'], { environment });
    const wrong = await runCommand(['audit', '--since', 'yesterday'], { environment });

    const line = '2030-01-01T12:00:00.000Z\ttoken.created\ttoken:t2\ttoken:t1\t192.0.2.1\t{"role":"viewer"}\n';
    assert.equal(plain.stdout, line);
    assert.deepEqual(Object.fromEntries(api.requests[0]?.query ?? []), {
      action: 'token',
      actor: 'token:t1',
      object: 'token:t2',
      account: 'acme',
      limit: '7',
      since: '2030-01-01T10:00:00.000Z',
    });
    assert.deepEqual(JSON.parse(json.stdout), [sampleEvent()]);
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.stderr, /Expected a time such as/);
  });

  it('follows: each event once, the oldest first', async () => {
    const events = [sampleEvent({ id: '1', action: 'one' }), sampleEvent({ id: '2', action: 'two' })];
    let looks = 0;
    await using api = await startFakeApi({
      'GET /audit': (_, response) => {
        looks++;
        const items = events.slice(0, looks).toReversed();
        answerJson(response, { items, nextCursor: null });
      },
    });
    await using following = startFarhand(['audit', '--follow'], { environment: { FARHAND_HUB_URL: api.address } });

    await following.line(/\ttwo\t/m);
    following.kill('SIGINT');
    const { stdout, exitCode } = await following.ended;

    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[1]),
      ['one', 'two'],
    );
    assert.equal(exitCode, 130);
  });
});

describe('farhand agents', () => {
  it('revoke, rotate-key and remove ask for what they are called, and say what is next', async () => {
    await using api = await startFakeApi({
      'POST /agents/a1/revoke': (_, response) => answerJson(response, sampleAgent()),
      'POST /agents/a1/rotate-key': (_, response) => answerJson(response, sampleAgent({ online: false })),
      'DELETE /agents/a1': (_, response) => {
        response.statusCode = 204;
        response.end();
      },
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const revoked = await runCommand(['agents', 'revoke', 'a1', '--lose-jobs', '--note', 'stolen'], { environment });
    const rotated = await runCommand(['agents', 'rotate-key', 'a1'], { environment });
    const removed = await runCommand(['agents', 'remove', 'a1'], { environment });

    assert.match(revoked.stdout, /^a1 \([0-9a-f-]+\) is revoked\n$/);
    assert.match(rotated.stdout, /^a1 makes another key when it comes back; SHA256:\S+ holds until then\n$/);
    assert.equal(removed.stdout, 'a1 is removed\n');
    assert.deepEqual(
      api.requests.map(({ body }) => body),
      [{ loseJobs: true, note: 'stolen' }, undefined, undefined],
    );
  });

  it('revoke says which agents there are when there is none of that name', async () => {
    await using api = await startFakeApi({
      'POST /agents/a2/revoke': (_, response) => answerProblem(response, 'not-found', 'there is no such agent'),
      'GET /agents': (_, response) => answerJson(response, { items: [sampleAgent()], nextCursor: null }),
    });

    const result = await runCommand(['agents', 'revoke', 'a2'], { environment: { FARHAND_HUB_URL: api.address } });

    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, /There are: a1/);
  });

  it('--revoked, token list --revoked and audit work against a real hub', async () => {
    await using hub = await startTestHub();
    const { body } = await hub.call('POST', '/tokens', { role: 'admin' });
    const { token } = body as { readonly token: string };
    const gone = (await hub.call('POST', '/tokens', { role: 'viewer', name: 'gone' })).body as { readonly id: string };
    const environment = { FARHAND_HUB_URL: hub.address, FARHAND_TOKEN: token };

    const revoked = await runCommand(['token', 'revoke', gone.id], { environment });
    const tokens = await runCommand(['token', 'list', '--revoked'], { environment });
    const agents = await runCommand(['agents', '--revoked', '--json'], { environment });
    const audit = await runCommand(['audit', '--action', 'token.revoked', '--since', '1h'], { environment });

    assert.equal(revoked.exitCode, 0);
    assert.match(tokens.stdout, new RegExp(`^${gone.id}\tviewer\tgone\t`));
    assert.deepEqual(JSON.parse(agents.stdout), []);
    assert.match(audit.stdout, new RegExp(`^\\S+\ttoken.revoked\ttoken:${gone.id}\ttoken:\\S+\t127.0.0.1\t`));
  });
});
