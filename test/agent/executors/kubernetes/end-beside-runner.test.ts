import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExitEnd, PlatformEnd } from '../../../../agent/executors/kubernetes/classify-end.ts';
import { toEndBesideRunner } from '../../../../agent/executors/kubernetes/end-beside-runner.ts';
import { readMain } from '../../../../agent/executors/kubernetes/main-container.ts';
import { PodView } from '../../../../agent/executors/kubernetes/pod-view.ts';

const digest = 'a'.repeat(64);
const whole = `farhand: log 6 ${digest}\n`;
const unborn = 'farhand: never began\n';

/** `words`: of the command's container, and of the runner's. */
function pod(words: readonly [string, string], { isAgain = false } = {}): PodView {
  const terminated = (message: string) => ({
    terminated: { exitCode: 1, reason: 'Error', message, startedAt: null, finishedAt: null },
  });
  const [main, runner] = words;
  const state = isAgain ? { state: {}, lastState: terminated(runner) } : { state: terminated(runner) };
  return PodView.parse({
    metadata: { name: 'p', uid: 'u' },
    spec: { nodeName: 'n' },
    status: {
      containerStatuses: [{ name: 'main', containerID: 'c', state: terminated(main) }],
      initContainerStatuses: [{ name: 'farhand-runner', containerID: 'r', ...state }],
    },
  });
}

const exit: ExitEnd = { type: 'exit', status: 143 };
function said(cause: PlatformEnd['cause']): PlatformEnd {
  return { type: 'platform', cause, started: true, retrySafe: false, message: 'said the cluster', status: 143 };
}

const rows: readonly (readonly [string, PlatformEnd | ExitEnd, readonly [string, string], string])[] = [
  ['its own end', exit, ['farhand: ended 3\n', ''], 'exit 3'],
  ['its own end before the pod was evicted', said('evicted'), ['farhand: ended 0\n', ''], 'exit 0'],
  ['a stop that was asked for', said('timeout'), ['farhand: ended 143 i\n', ''], 'exit 143, marked'],
  ['an eviction', said('evicted'), ['farhand: ended 143 t\n', whole], 'evicted, started true, log 6'],
  [
    'an eviction with a runner that had no time',
    said('evicted'),
    ['farhand: ended 5 t\n', ''],
    'evicted, started true',
  ],
  ['a command that ended well as it was told to', said('evicted'), ['farhand: ended 0 t\n', ''], 'exit 0, marked'],
  ['a TERM that nobody explains', exit, ['farhand: ended 143 t\n', ''], 'exit 143, marked'],
  ['a command that was killed for its memory', exit, ['farhand: ended 137 m\n', ''], 'out-of-memory, started true'],
  [
    'a container that was killed for its memory, with all in it',
    said('out-of-memory'),
    ['', whole],
    'out-of-memory, started true, log 6',
  ],
  ['the same, where the runner said nothing', said('out-of-memory'), ['', ''], 'out-of-memory, started unknown'],
  ['a container that ended without a word', exit, ['', ''], 'process-lost, started unknown'],
  ['what is none of the words', exit, ['farhand: ended 0\nmore\n', ''], 'process-lost, started unknown'],
  ['a pod that ended before its command began', said('image-pull'), ['', unborn], 'image-pull, started false'],
];

function toText(end: ReturnType<typeof toEndBesideRunner>): string {
  const log = end.log === undefined ? '' : `, log ${end.log.bytes}`;
  const marked = end.marked && end.type === 'exit' ? ', marked' : '';
  return end.type === 'exit' ? `exit ${end.status}${marked}` : `${end.cause}, started ${end.started}${log}`;
}

describe('the end of a command beside a runner', () => {
  for (const [what, end, words, expected] of rows) {
    it(`is told by ${what}`, () => {
      const seen = pod(words);

      assert.equal(toText(toEndBesideRunner(end, { main: readMain(seen), pod: seen, isStopped: false })), expected);
    });
  }

  it('is told by a runner also when it was started again since', () => {
    const seen = pod(['', whole], { isAgain: true });

    const end = toEndBesideRunner(said('out-of-memory'), { main: readMain(seen), pod: seen, isStopped: false });

    assert.equal(toText(end), 'out-of-memory, started true, log 6');
  });
});
