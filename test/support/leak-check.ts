import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

/** What a test held open, by kind: `TCPServerWrap`, `Timeout`, `file /tmp/x/raw`, `process 42 (sh -c …)`. */
type OpenThings = ReadonlyMap<string, number>;

const pollMs = 10;

/** The runner's own, and what comes and goes with any work in the background. */
const passingResources = new Set(['Immediate', 'TickObject', 'FSReqCallback', 'FSReqPromise', 'CloseReq', 'TTYWrap']);

export interface LeakCheckOptions {
  /** Closing takes a few turns of the loop, and a killed process a moment: what is gone by then was not left open. */
  readonly settleMs?: number;
}

/**
 * Makes every test of the calling file (or suite) fail that leaves something open: sockets, servers, timers, files,
 * child processes, and on Linux also grandchildren, in whatever session or group they are.
 *
 * Call it once, at the top. Call it after an `afterEach` of your own that closes things, because hooks run in the order
 * they were added. Close in the test's body, best with `await using`: what `t.after` closes is closed after this check.
 * The tests of one file must run one after another (the default), or one would be blamed for another's.
 */
export function checkLeaks({ settleMs = 10_000 }: LeakCheckOptions = {}): void {
  const marker = `LEAK_CHECK=${process.pid}`;
  process.env['LEAK_CHECK'] = String(process.pid);
  const baselines = new WeakMap<object, OpenThings>();

  beforeEach((test) => {
    baselines.set(test, findOpenThings(marker));
  });

  afterEach(async (test) => {
    const before = baselines.get(test) ?? new Map<string, number>();
    const deadline = performance.now() + settleMs;
    let left = subtract(findOpenThings(marker), before);
    while (left.length > 0 && performance.now() < deadline) {
      await delay(pollMs);
      left = subtract(findOpenThings(marker), before);
    }
    if (left.length > 0) {
      throw new Error(`Expected the test to close all it opened, but ${settleMs} ms later it left: ${left.join(', ')}`);
    }
  });
}

function findOpenThings(marker: string): OpenThings {
  const found = new Map<string, number>();
  const add = (thing: string) => found.set(thing, (found.get(thing) ?? 0) + 1);

  for (const resource of process.getActiveResourcesInfo()) if (!passingResources.has(resource)) add(resource);
  if (process.platform === 'linux') {
    for (const file of findOpenFiles()) add(`file ${file}`);
    for (const child of findProcesses(marker)) add(`process ${child}`);
  }
  return found;
}

/** Regular files only: sockets and pipes are among the active resources already. */
function findOpenFiles(): readonly string[] {
  return list('/proc/self/fd')
    .map((descriptor) => attempt(() => readlinkSync(`/proc/self/fd/${descriptor}`)) ?? '')
    .filter((target) => /^\/(?!dev\/|proc\/|sys\/)/.test(target));
}

/** Every living process that inherited the marker in its environment, which also finds those that left their parent. */
function findProcesses(marker: string): readonly string[] {
  return list('/proc')
    .filter((name) => {
      if (!/^\d+$/.test(name) || name === String(process.pid)) return false;
      const environment = attempt(() => readFileSync(`/proc/${name}/environ`, 'latin1')) ?? '';
      return environment.split('\0').includes(marker);
    })
    .map(
      (id) =>
        `${id} (${
          attempt(() => readFileSync(`/proc/${id}/cmdline`, 'utf8'))
            ?.replaceAll('\0', ' ')
            .trim() ?? ''
        })`,
    );
}

function list(folder: string): readonly string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

/** A process or a descriptor may be gone between finding it and reading it. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function subtract(things: OpenThings, baseline: OpenThings): readonly string[] {
  return [...things].flatMap(([thing, count]) => {
    const more = count - (baseline.get(thing) ?? 0);
    return more <= 0 ? [] : [more === 1 ? thing : `${more} × ${thing}`];
  });
}
