import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createBell } from '../../../agent/attempts/bell.ts';
import { MaskedStream } from '../../../agent/attempts/masked-stream.ts';
import { Moments } from '../../../agent/attempts/moments.ts';
import { defaultSessionLimits, runSessions } from '../../../agent/attempts/session-loop.ts';
import type { SessionSubject } from '../../../agent/attempts/session-subject.ts';
import { createMasker } from '../../../agent/masking/masker.ts';
import type { AttemptResult } from '../../../protocol/attempt-result.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import type { MemoryConnection } from '../../../transports/memory/connection.ts';
import { createSessionBench, folderId, resultFor, type SessionBench } from '../../hub/sessions/session-bench.ts';

/** There are tens of thousands of flushes, and what they cost is not the question. */
const memoryDisk = '/dev/shm';
const logBytes = 64 * 1024;
const secret = 'correct-horse-battery-staple';

/** What the command wrote, and what may leave the machine of it. `masked`: a secret in every other line. */
interface Log {
  readonly raw: Buffer;
  readonly stream: Buffer;
  readonly secrets: Readonly<Record<string, string>>;
}

const noSecrets: Log['secrets'] = {};
/** How many logs are on their way at a time: their commits and flushes are shared. */
const lanes = 64;

function createLog(masked: boolean): Log {
  let raw = '';
  for (let line = 0; raw.length < logBytes; line += 1)
    raw += `line ${line} ${line % 2 === 0 && masked ? secret : '.'}\n`;
  const stream = raw.replaceAll(secret, '***');
  return { raw: Buffer.from(raw), stream: Buffer.from(stream), secrets: masked ? { word: secret } : noSecrets };
}

/** An attempt whose command ended, and whose `raw` is in memory: the agent's end of its sessions. `onJob` hears where each one begins. */
async function createSubject(attempt: string, log: Log, onJob: (offset: number) => void): Promise<SessionSubject> {
  const moments = new Moments();
  moments.note(log.raw.length, systemClock.now());
  const stream = new MaskedStream({
    readRaw: async (position, into) => log.raw.copy(into, 0, position),
    moments,
    masking: { create: () => createMasker(log.secrets), identity: log.secrets === noSecrets },
  });
  stream.freeze(log.raw.length);
  const { bytes, sha256 } = await stream.summarize();
  const plain = resultFor('');
  const result: AttemptResult = { ...plain, log: { ...plain.log, bytes, sha256 } };
  let have: 'claimed' | 'ended' = 'claimed';
  return {
    attempt,
    news: createBell(),
    stream,
    progress: null,
    result,
    forgotten: () => {},
    caughtUp: () => {},
    async describe() {
      return { folderId, have, rawBytes: log.raw.length, needsDocument: have === 'claimed', needsSecrets: false };
    },
    async receive(frame) {
      have = 'ended';
      onJob(frame.offset);
    },
  };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Delivers one log over sessions that are cut: the bytes before the stretch come in one piece, then a session brings one byte, or none, and
 * is cut: its next frame does not arrive, or the acknowledgement does not, or already the byte does not. Behind the stretch comes the rest.
 * Answers at which bytes sessions began.
 */
async function deliver(bench: SessionBench, log: Log, { from, to }: Stretch): Promise<ReadonlySet<number>> {
  const { jobId, attempt } = await bench.offer(log.secrets === noSecrets ? {} : { secrets: log.secrets });
  const begun = new Set<number>();
  let connection: MemoryConnection | null = null;
  let windowBytes = logBytes;
  let sessions = 0;
  bench.network.watch((made) => {
    if (made.target === `/v1/sessions/${attempt}`) connection = made;
  });
  const subject = await createSubject(attempt, log, (offset) => {
    begun.add(offset);
    windowBytes = offset < from ? from - offset : offset < to ? 1 : logBytes;
    if (offset >= to) return;
    sessions += 1;
    if (sessions % 2 === 0) connection?.cutAfter('down', { messages: 0 });
    else connection?.cutAfter('up', { messages: sessions % 16 === 1 ? 0 : 1 });
  });

  const end = await runSessions({
    subject,
    credential: { present: async () => bench.agentId },
    gate: {
      enter: async () => ({ leaseEpoch: bench.leaseEpoch, transport: bench.transport }),
      heard: () => {},
    },
    clock: systemClock,
    // No wait between two sessions.
    random: { ...systemRandom, fraction: () => 0 },
    logger: silentLogger,
    limits: {
      ...defaultSessionLimits,
      get windowBytes() {
        return windowBytes;
      },
    },
    signal: AbortSignal.timeout(1_150_000),
  });

  assert.equal(end, 'accepted');
  const pieces: Uint8Array[] = [];
  for await (const piece of bench.logs.read(attempt, 0, log.stream.length + 1)) pieces.push(piece);
  assert.ok(Buffer.concat(pieces).equals(log.stream), 'the log that arrived is not the one that was sent');
  const { state, log: stored } = await bench.job(jobId);
  assert.deepEqual([state, stored?.bytes, stored?.complete], ['succeeded', log.stream.length, true]);
  assert.equal(stored?.sha256, subject.result?.log.sha256);
  return begun;
}

/**
 * Cuts sessions of the agent's own code with the hub's own service at every `every`-th byte of a 64 KiB log, and around it. Answers at how
 * many bytes sessions began again.
 */
export async function runCutSessions(options: { readonly masked: boolean; readonly every: number }): Promise<number> {
  await using bench = await createSessionBench({ root: existsSync(memoryDisk) ? memoryDisk : tmpdir() });
  const log = createLog(options.masked);
  const bytes = log.stream.length;
  const stretchBytes = options.every === 1 ? Math.ceil(bytes / lanes) : 8;
  const starts: number[] = [];
  for (let from = 1; from < bytes; from += options.every === 1 ? stretchBytes : options.every) starts.push(from);
  const begun = new Set<number>();
  const work = async () => {
    for (let from = starts.shift(); from !== undefined; from = starts.shift()) {
      const to = Math.min(from + stretchBytes, bytes);
      const own = await deliver(bench, log, { from, to });
      for (let offset = from; offset <= to; offset += 1) {
        assert.ok(own.has(offset), `no session began at byte ${offset}`);
        begun.add(offset);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return begun.size;
}
