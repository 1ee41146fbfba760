import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { App, Node, Staleness } from '../../protocol/inventory.ts';
import { answerJson, answerProblem, type FakeRoute, startFakeApi } from '../support/fake-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';
import { sampleApp, sampleNode } from '../support/sample-inventory.ts';

checkLeaks();

const since = '2026-01-02T00:00:00.000Z';
const at = '2026-01-01T00:00:00.000Z';

function known(stale: Staleness | null) {
  return { id: crypto.randomUUID(), agent: 'a1', firstSeenAt: at, changedAt: at, stale };
}

function node(name: string, { stale = null, ...change }: Partial<Node> = {}): Node {
  const { id: reference, ...report } = sampleNode(name);
  return { ...report, reference, ...known(stale), ...change };
}

function app(name: string, { stale = null, ...change }: Partial<App> = {}): App {
  const { id: reference, ...report } = sampleApp(name);
  return { ...report, reference, ...known(stale), ...change };
}

function list(...items: readonly object[]): FakeRoute {
  return (_, response) => answerJson(response, { items, nextCursor: null });
}

describe('farhand nodes', () => {
  it('has a line for each, says which may not be so any more, and what is wrong with which', async () => {
    const stale = { reason: 'agent-offline', since, message: null } as const;
    await using api = await startFakeApi({
      'GET /nodes': list(
        node('n1'),
        node('n2', { state: 'not-ready', schedulable: false, message: 'the kubelet \u001B[31mstopped' }),
        node('n3', { stale }),
      ),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const piped = await runCommand(['nodes'], { environment });
    const seen = await runCommand(['nodes'], { environment, isTerminal: true });

    const rest = '4\t8.0 GiB\tv1.34.1';
    assert.deepEqual(piped.stdout.trimEnd().split('\n'), [
      `n1\ta1\tedge\tready\t${rest}\t-`,
      `n2\ta1\tedge\tnot-ready,closed\t${rest}\t-`,
      `n3\ta1\tedge\tready\t${rest}\tagent-offline ${since}`,
    ]);
    assert.equal(piped.stderr, 'a1: edge/n2: the kubelet stopped\n');
    assert.match(seen.stdout, /^NAME +AGENT +CLUSTER +STATE +CPU +MEMORY +VERSION +STALE\n/);
  });

  it('shows one in full by its name or its id, and says where to look when there is none', async () => {
    const one = node('n1');
    const two = node('n10');
    await using api = await startFakeApi({
      'GET /nodes': list(one, two),
      [`GET /nodes/${one.id}`]: (_, response) => answerJson(response, one),
      [`GET /nodes/${two.id}`]: (_, response) => answerProblem(response, 'not-found', 'there is no such node'),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const named = await runCommand(['nodes', 'n1', '--json'], { environment });
    const byId = await runCommand(['nodes', one.id], { environment });
    const unknown = await runCommand(['nodes', 'n2'], { environment });
    const gone = await runCommand(['nodes', two.id], { environment });

    assert.deepEqual(JSON.parse(named.stdout), one);
    assert.equal(api.requests[0]?.query.get('name'), 'n1');
    assert.match(byId.stdout, /^cluster: +edge$/m);
    for (const { exitCode, stderr } of [unknown, gone]) {
      assert.equal(exitCode, 2);
      assert.match(stderr, /there is no node ".*"\n.*farhand nodes\n/);
    }
  });
});

describe('farhand apps', () => {
  it('asks the hub for those that are wanted', async () => {
    await using api = await startFakeApi({ 'GET /apps': list(app('web')) });
    const environment = { FARHAND_HUB_URL: api.address };
    const options = {
      agent: 'a1',
      cluster: 'edge',
      namespace: 'shop',
      kind: 'deployment',
      state: 'degraded',
      name: 'w',
    };

    const result = await runCommand(
      [
        'apps',
        ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
        '--labels',
        'a=b',
        '--stale',
      ],
      { environment },
    );

    const query = Object.fromEntries(api.requests[0]?.query ?? []);
    assert.deepEqual(query, { ...options, selector: 'a=b', stale: 'true', limit: '500' });
    assert.equal(result.stdout, 'web\tshop\tdeployment\ta1\tedge\trunning\t2/2\tregistry.example/web:1\t-\n');
  });

  it('is a table of all that have the name when several do, and says so when there are none', async () => {
    await using api = await startFakeApi({
      'GET /apps': list(app('web'), app('web', { cluster: 'lab' }), app('web-admin')),
      'GET /nodes': list(),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const several = await runCommand(['apps', 'web'], { environment });
    const none = await runCommand(['nodes'], { environment, isTerminal: true });
    const wrong = await runCommand(['apps', '--state', 'broken'], { environment });

    assert.equal(several.stdout.trimEnd().split('\n').length, 2);
    assert.match(none.stderr, /no such nodes; .*FARHAND_KUBERNETES_INVENTORY/);
    assert.equal(wrong.exitCode, 2);
  });
});
