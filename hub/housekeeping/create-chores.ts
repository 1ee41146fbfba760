import type { Clock } from '../../runtime/clock.ts';
import { type ControlService, renewEveryMs, tellCommitsEveryMs } from '../control/control-service.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { InventoryCount } from '../fleet/inventory-count.ts';
import type { Retention } from '../retention/retention.ts';
import type { WaitingWatch } from '../scheduler/waiting-watch.ts';
import type { SessionService } from '../sessions/session-service.ts';
import type { Store } from '../store/store.ts';
import type { Chore } from './housekeeping.ts';
import { LostWatch } from './lost-watch.ts';
import type { RoomWatch } from './room-watch.ts';

const expireEveryMs = 1_000;
const longestLookEveryMs = 60_000;
const roomLookEveryMs = 2_000;
const waitingLookEveryMs = 10_000;
const inventoryLookEveryMs = 10_000;

export interface ChoresOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly control: Pick<ControlService, 'renewLeases' | 'tellCommits'>;
  readonly sessions: Pick<SessionService, 'isServing'>;
  readonly room: Pick<RoomWatch, 'tryAgain'>;
  readonly waiting: Pick<WaitingWatch, 'look'>;
  readonly inventory: Pick<InventoryCount, 'look'>;
  readonly retention: Pick<Retention, 'turn'>;
  readonly lostAfterMs: number;
  /** How long a late result may correct a lost job. */
  readonly correctionWindowMs: number;
  readonly retainEveryMs: number;
  readonly clock: Clock;
}

/** Everything that a hub does again and again. */
export function createChores(options: ChoresOptions): Chore[] {
  const {
    store,
    fleet,
    control,
    sessions,
    room,
    waiting,
    inventory,
    retention,
    lostAfterMs,
    correctionWindowMs,
    clock,
  } = options;
  const lostLookEveryMs = Math.min(lostAfterMs / 4, longestLookEveryMs);
  const lostWatch = new LostWatch({
    store,
    fleet,
    isSpeaking: (attemptId) => sessions.isServing(attemptId),
    clock,
    lostAfterMs,
    everyMs: lostLookEveryMs,
  });
  return [
    { name: 'renew leases', everyMs: renewEveryMs, run: () => control.renewLeases() },
    { name: 'tell commits', everyMs: tellCommitsEveryMs, run: () => control.tellCommits() },
    {
      name: 'expire jobs',
      everyMs: expireEveryMs,
      run: async () => {
        while ((await store.apply('expire-jobs', { at: clock.now() })).jobIds.length > 0);
      },
    },
    {
      name: 'find lost attempts',
      everyMs: lostLookEveryMs,
      run: async () => void (await lostWatch.look()),
    },
    {
      name: 'close corrections',
      everyMs: longestLookEveryMs,
      run: async () => {
        const at = clock.now();
        while ((await store.apply('close-corrections', { before: at - correctionWindowMs, at })).jobIds.length > 0);
      },
    },
    { name: 'look whether the disk has room again', everyMs: roomLookEveryMs, run: () => room.tryAgain() },
    { name: 'tell what waits', everyMs: waitingLookEveryMs, run: async () => waiting.look() },
    { name: 'count nodes and apps', everyMs: inventoryLookEveryMs, run: () => inventory.look() },
    {
      name: 'remove what is kept no longer',
      everyMs: options.retainEveryMs,
      run: (signal, goesOn) => retention.turn(signal, goesOn),
    },
  ];
}
