import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toFactsLines } from '../../cli/facts-words.ts';
import type { Agent } from '../../protocol/agent.ts';
import type { Facts } from '../../protocol/facts.ts';
import { answerJson, answerProblem, type FakeRoute, startFakeApi } from '../support/fake-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';

checkLeaks();

const digest = 'a'.repeat(64);

function facts(change: Partial<Facts> = {}): Facts {
  return {
    probe: 'host',
    digest,
    facts: { os: { name: 'Debian' }, memory: { totalBytes: 8 * 2 ** 30 } },
    collectedAt: '2026-01-01T00:05:00.000Z',
    changedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 12,
    error: null,
    gone: false,
    ...change,
  };
}

function agent(name: string): Agent {
  return {
    id: crypto.randomUUID(),
    name,
    account: 'default',
    labels: {},
    online: true,
    version: null,
    platform: null,
    transport: null,
    slots: { total: 1, used: 0 },
    automations: [],
    health: null,
    schedulable: true,
    drain: false,
    note: null,
    loopLagMs: null,
    admission: null,
    lastSeenAt: null,
    keyFingerprint: '',
    keyRotating: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    revokedAt: null,
  };
}

function list(...items: readonly object[]): FakeRoute {
  return (_, response) => answerJson(response, { items, nextCursor: null });
}

describe('farhand facts', () => {
  it('has a line for each probe of each agent, and says what is wrong with which', async () => {
    const error = { message: 'it ended with \u001B[31mexit status 1', at: '2026-01-01T00:10:00.000Z' };
    await using api = await startFakeApi({
      'GET /agents': list(agent('a1'), agent('a2')),
      'GET /agents/a1/facts': list(facts(), facts({ probe: 'ports', error })),
      'GET /agents/a2/facts': list(
        facts({ gone: true }),
        facts({ probe: 'new', error, facts: null, collectedAt: null, changedAt: null }),
      ),
    });

    const environment = { FARHAND_HUB_URL: api.address };
    const piped = await runCommand(['facts'], { environment });
    const seen = await runCommand(['facts'], { environment, isTerminal: true });

    const times = '2026-01-01T00:05:00.000Z\t2026-01-01T00:00:00.000Z';
    assert.deepEqual(piped.stdout.trimEnd().split('\n'), [
      `a1\thost\tok\t${times}`,
      `a1\tports\tstale\t${times}`,
      `a2\thost\tgone\t${times}`,
      'a2\tnew\tfailed\t-\t-',
    ]);
    assert.equal(
      piped.stderr.split('\n')[0],
      'a1: probe ports: it ended with exit status 1 (2026-01-01T00:10:00.000Z)',
    );
    assert.match(seen.stdout, /^AGENT +PROBE +STATE +COLLECTED +CHANGED\n/);
  });

  it('shows what an agent found, a line a value, for a person', async () => {
    await using api = await startFakeApi({
      'GET /agents/a1/facts': list(facts(), facts({ probe: 'ports', facts: { sockets: [] } })),
      'GET /agents/a1/facts/host': (_, response) => answerJson(response, facts()),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const all = await runCommand(['facts', 'a1'], { environment });
    const one = await runCommand(['facts', 'a1', 'host', '--json'], { environment });

    assert.equal(
      all.stdout,
      [
        'host (2026-01-01T00:05:00.000Z)',
        'os:',
        '  name: Debian',
        'memory:',
        '  totalBytes: 8.0 GiB',
        '',
        'ports (2026-01-01T00:05:00.000Z)',
        'sockets: -',
        '',
      ].join('\n'),
    );
    assert.deepEqual(JSON.parse(one.stdout), facts());
  });

  it('shows what changed, the newest first', async () => {
    const change = {
      collectedAt: '2026-01-01T00:05:00.000Z',
      recordedAt: '2026-01-01T00:05:00.000Z',
      digest,
      facts: {},
    };
    await using api = await startFakeApi({
      'GET /agents/a1/facts/host/history': list(
        { ...change, sequence: 2, changed: ['disks', 'kernel'] },
        { ...change, sequence: 1, changed: ['os'] },
      ),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const result = await runCommand(['facts', 'a1', 'host', '--history', '--limit', '7'], { environment });
    const usage = await runCommand(['facts', 'a1', '--history'], { environment });

    assert.equal(result.stdout, '2\t2026-01-01T00:05:00.000Z\tdisks, kernel\n1\t2026-01-01T00:05:00.000Z\tos\n');
    assert.equal(api.requests[0]?.query.get('limit'), '7');
    assert.deepEqual([usage.exitCode, usage.stdout], [2, '']);
    assert.match(usage.stderr, /expected an agent and a probe\n.*farhand facts a1 host --history/);
  });

  it('says what to do next when there is nothing of that name, or nothing yet', async () => {
    await using api = await startFakeApi({
      'GET /agents/a1/facts': list(),
      'GET /agents/no/facts': (_, response) => answerProblem(response, 'not-found', 'there is no such agent'),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const unknown = await runCommand(['facts', 'no'], { environment });
    const empty = await runCommand(['facts', 'a1'], { environment, isTerminal: true });

    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /there is no such agent\n.*farhand facts\n/);
    assert.match(empty.stderr, /a1 told no facts yet: .*FARHAND_PROBES/);
  });
});

describe('farhand run', () => {
  it('of a probe is refused with the command that shows what it found', async () => {
    const probe = {
      name: 'host',
      kind: 'probe',
      digest,
      description: null,
      parameters: null,
      outputs: null,
      timeoutSeconds: null,
      retrySafe: false,
      maxConcurrent: null,
      agents: 1,
      online: 1,
    };
    await using api = await startFakeApi({
      'GET /automations': list(probe, { ...probe, name: 'hello', kind: 'command' }),
    });
    const environment = { FARHAND_HUB_URL: api.address };

    const result = await runCommand(['run', 'host'], { environment });
    const unknown = await runCommand(['run', 'hos'], { environment });

    assert.deepEqual([result.exitCode, result.stdout], [2, '']);
    assert.match(
      result.stderr,
      /host is a probe: agents run it by themselves, and no job can\n.*farhand facts AGENT host/,
    );
    assert.match(unknown.stderr, /There are: hello\n/);
  });
});

describe('facts for a person', () => {
  it('tell units by the key, and lists of objects as tables', () => {
    const lines = toFactsLines({
      uptimeSeconds: 93_784,
      load: [0.5, 1],
      usedPercent: 17,
      needed: false,
      none: null,
      empty: {},
      disks: [
        { mount: '/', usedBytes: 512, tags: ['a', 'b'] },
        { mount: '/data', usedBytes: 1536, more: true },
      ],
      mixed: [{ a: { b: 1 } }, 2],
    });

    assert.deepEqual(lines, [
      'uptimeSeconds: 26 h 3 min',
      'load:          0.5, 1',
      'usedPercent:   17 %',
      'needed:        no',
      'none:          -',
      'empty:',
      'disks:',
      '  mount  usedBytes  tags  more',
      '  /      512 B      a, b  -',
      '  /data  1.5 KiB    -     yes',
      'mixed:',
      '  {"a":{"b":1}}',
      '  2',
    ]);
  });

  it('stand in columns of the terminal, however many characters that takes', () => {
    const lines = toFactsLines({
      名前: 'x',
      disks: [
        { mount: '/データ', label: 'a' },
        { mount: '/', label: 'e\u0301' },
      ],
    });

    assert.deepEqual(lines, ['名前: x', 'disks:', '  mount    label', '  /データ  a', '  /        e\u0301']);
  });

  it('never drive the terminal', () => {
    const lines = toFactsLines({ 'key\u001B[31m\n': 'value\u001B[2J\nnext', list: [{ 'k\u0007': '\u0007' }] });

    for (const line of lines) assert.doesNotMatch(line, /\p{Cc}/u);
  });
});
