import assert from 'node:assert/strict';
import { afterEach, beforeEach } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { PreparedCommand } from '../../agent/automations/prepared-command.ts';
import type { Execution } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import { checkLeaks } from '../support/leak-check.ts';
import type { ExecutorHarness, ExecutorPlace } from './executor-harness.ts';

export const bounds = { graceMs: 5_000, boundMs: 20_000 };
export const atOnce = { graceMs: 0, boundMs: 20_000 };

/** One executor for each test of a suite, and the places it was given, which are cleared behind it. */
export interface ExecutorFixture {
  readonly executor: Executor & AsyncDisposable;
  readonly createPlace: () => Promise<ExecutorPlace>;
  /** Starts a command that must start. */
  readonly startCommand: (place: ExecutorPlace, command: PreparedCommand) => Promise<Execution>;
  /** The same to its end, of which nothing is left. */
  readonly runCommand: (place: ExecutorPlace, command: PreparedCommand) => Promise<void>;
}

export function useExecutor(harness: ExecutorHarness): ExecutorFixture {
  let executor: Executor & AsyncDisposable;
  let places: ExecutorPlace[] = [];

  beforeEach(() => {
    executor = harness.create();
    places = [];
  });
  afterEach(async () => {
    for (const { target } of places) {
      await (await executor.adopt(target))?.clear(atOnce);
      await executor.release(target);
    }
    await executor[Symbol.asyncDispose]();
  });
  // Behind it: what it disposed of is no leak.
  checkLeaks();

  async function startCommand(place: ExecutorPlace, command: PreparedCommand): Promise<Execution> {
    const started = await executor.start(place.target, command);
    assert.ok(started.type === 'started', started.type === 'failed' ? started.message : '');
    return started.execution;
  }

  return {
    get executor() {
      return executor;
    },
    createPlace: async () => {
      const place = await harness.createPlace();
      places.push(place);
      return place;
    },
    startCommand,
    runCommand: async (place, command) => {
      const execution = await startCommand(place, command);
      await execution.ended;
      assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
    },
  };
}

export async function readText(place: ExecutorPlace): Promise<string> {
  return (await place.readOutput()).toString();
}

export async function waitForOutput(place: ExecutorPlace, text: string): Promise<void> {
  for (let polls = 0; !(await readText(place)).includes(text); polls += 1) {
    assert.ok(polls < 4_000, `expected the command to write ${JSON.stringify(text)}`);
    await delay(5);
  }
}
