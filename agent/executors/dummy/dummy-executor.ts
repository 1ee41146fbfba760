import type { Clock } from '../../../runtime/clock.ts';
import type { FileSystem } from '../../../runtime/file-system.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { CommandEnd } from '../command-end.ts';
import type { Execution } from '../execution.ts';
import type { Executor } from '../executor.ts';
import { type DummyEnd, type DummyStart, dummyFolder } from './dummy-folder.ts';
import { dummyKind } from './dummy-kind.ts';
import { DummyRun } from './dummy-run.ts';
import { DummySettings } from './dummy-settings.ts';

/** An execution of a start that came too late: somebody has the fence. */
const nothing: Execution = {
  ended: Promise.resolve(),
  started: Promise.resolve(null),
  signal: () => Promise.resolve(),
  clear: () => Promise.resolve({ escaped: 0 }),
};

function toCommandEnd({ at, status, marked, word }: DummyEnd): CommandEnd {
  return word === null
    ? { type: 'exit', status: status ?? 0, marked, at }
    : { type: 'platform', ...word, status, marked, at };
}

/**
 * Runs nothing: what a command would have done is in its `settings`, and comes about by the wall clock, whether an agent is there or
 * not. All it knows is in the attempt's folder.
 *
 * Disposing lets go of all executions: a promise of theirs that was not settled by then never is.
 */
export function createDummyExecutor(options: {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
}): Executor & AsyncDisposable {
  const { fileSystem, clock, logger } = options;
  const disposal = new AbortController();
  const { signal } = disposal;

  return {
    kind: dummyKind,
    obstacle: () => null,
    onChange: () => () => {},
    async start(target, command) {
      const settings = DummySettings.parse(command.settings ?? {});
      const { failStart, cause } = settings;
      if (failStart !== null) {
        const message = `the automation asked for it (dummy.failStart: ${failStart})`;
        return { type: 'failed', fault: failStart, ...(cause === null ? {} : { cause }), message };
      }
      const folder = dummyFolder(fileSystem, target.folder);
      await using raw = await fileSystem.open(folder.rawPath, 'a', 0o600);
      const rawFrom = await raw.size();
      const limitBytes = command.output?.limitBytes ?? null;
      const start: DummyStart = { type: 'started', at: clock.now(), settings, rawFrom, limitBytes };
      if ((await folder.takeFence(start)) === 'taken') return { type: 'started', execution: nothing };
      const isUnwanted = await folder.hasIntent();
      const run = new DummyRun({ target, start, isUnwanted, fileSystem, clock, logger, signal });
      return { type: 'started', execution: run };
    },
    async inspect(target) {
      const folder = dummyFolder(fileSystem, target.folder);
      const fence = await folder.readFence();
      if (fence === null) return (await folder.isThere()) ? { type: 'unreadable', at: null } : { type: 'none' };
      if (fence.type === 'recovered') return fence;
      return { type: 'started', alive: (await folder.end.read()) === null, at: fence.at };
    },
    async takeFence(target) {
      const folder = dummyFolder(fileSystem, target.folder);
      await folder.takeFence({ type: 'recovered' });
      return (await folder.readFence())?.type === 'recovered';
    },
    async adopt(target) {
      const folder = dummyFolder(fileSystem, target.folder);
      const start = await folder.readFence();
      if (start?.type !== 'started' || (await folder.end.read()) !== null) return null;
      return new DummyRun({ target, start, isUnwanted: false, fileSystem, clock, logger, signal });
    },
    async readEnd(target) {
      const end = await dummyFolder(fileSystem, target.folder).end.read();
      return end === null ? null : toCommandEnd(end);
    },
    async findGaps(target, { rawBytes, limitBytes }) {
      const printed = (await dummyFolder(fileSystem, target.folder).end.read())?.printedBytes ?? null;
      if (printed === null) return [{ at: rawBytes, bytes: null, why: 'output-lost' }];
      if (printed <= rawBytes) return [];
      const isAtLimit = limitBytes !== null && rawBytes >= limitBytes;
      return [{ at: rawBytes, bytes: printed - rawBytes, why: isAtLimit ? 'log-limit' : 'output-lost' }];
    },
    release: async () => {},
    [Symbol.asyncDispose]: async () => disposal.abort('disposed'),
  };
}
