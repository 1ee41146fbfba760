import type { LogAnswer, OpenLog } from '../../../../agent/executors/kubernetes/log-source.ts';

/** What a container runtime writes for one piece of output: `part` where the line goes on in the next. */
export interface LogEntry {
  /** Nanoseconds since 1970. */
  readonly at: bigint;
  readonly text: string;
  readonly part?: boolean;
}

const newline = '\n';

export function toText(entries: readonly LogEntry[]): string {
  return entries.map(({ text, part }) => (part === true ? text : text + newline)).join('');
}

function toTime(at: bigint): string {
  const milliseconds = Number(at / 1_000_000n);
  const seconds = new Date(milliseconds).toISOString().slice(0, 19);
  return `${seconds}.${String(at % 1_000_000_000n).padStart(9, '0')}Z`;
}

/** The answer of a kubelet that has these entries in its file, with `timestamps=true`: as `pkg/kubelet/kuberuntime/logs` writes it. */
export function toAnswer(entries: readonly LogEntry[], sinceSecond: number | null): string {
  let answer = '';
  let isNewLine = true;
  for (const { at, text, part } of entries) {
    const message = part === true ? text : text + newline;
    const isOld = sinceSecond !== null && at < BigInt(sinceSecond) * 1_000_000_000n;
    if (!isOld) answer += isNewLine ? `${toTime(at)} ${message}` : message;
    isNewLine = message === '' || message.endsWith(newline);
  }
  return answer;
}

/** What the kubelet has when it is asked, and how the connection goes. */
export interface FakeAnswer {
  /** The file begins with this entry: those before were rotated away. */
  readonly from: number;
  /** Entries that were written by the time the answer ends. */
  readonly to: number;
  /** After so many bytes the connection is lost; null: the answer ends by itself. */
  readonly cutAfter: number | null;
  readonly chunkBytes: number;
  /** The file was put aside meanwhile: of this answer nobody reads the entries from `at` on, and it goes on with those from `to` on. */
  readonly turn?: FakeTurn;
}

/** `isEarly`: the file was put aside before this answer had come so far. */
export interface FakeTurn {
  readonly at: number;
  readonly to: number;
  readonly isEarly: boolean;
}

/** Answers out of a script, and then for ever with all that is there. */
export function createFakeLog(options: {
  readonly entries: readonly LogEntry[];
  readonly answers: readonly (FakeAnswer | Exclude<LogAnswer['type'], 'log'> | 'refused')[];
  readonly last: Pick<FakeAnswer, 'from'>;
  readonly onScriptOver: () => void;
}): OpenLog {
  const { entries, answers, last } = options;
  let count = 0;
  let fileFrom = 0;
  return async ({ sinceSecond, limitBytes }) => {
    if (limitBytes !== null) {
      const bytes = Buffer.from(toAnswer(entries.slice(fileFrom), null), 'latin1').subarray(0, limitBytes);
      return { type: 'log', chunks: stream(bytes, { cutAfter: null, chunkBytes: 20 }) };
    }
    const answer = answers[count] ?? { from: last.from, to: entries.length, cutAfter: null, chunkBytes: 1000 };
    count += 1;
    if (count >= answers.length) options.onScriptOver();
    if (answer === 'refused') throw new Error('connection refused');
    if (typeof answer === 'string') return { type: answer };
    const { from, to, turn } = answer;
    const known = entries.slice(from, turn?.at ?? to);
    const text = toAnswer(turn === undefined ? known : [...known, ...entries.slice(turn.to, to)], sinceSecond);
    const turnsAfter = turn?.isEarly === true ? 0 : toAnswer(known, sinceSecond).length;
    fileFrom = from;
    const chunks = stream(Buffer.from(text, 'latin1'), answer, (given) => {
      if (turn !== undefined && given >= turnsAfter) fileFrom = turn.to;
    });
    return { type: 'log', chunks };
  };
}

async function* stream(
  bytes: Buffer,
  { cutAfter, chunkBytes }: Pick<FakeAnswer, 'cutAfter' | 'chunkBytes'>,
  onGiven: (length: number) => void = () => {},
): AsyncIterable<Uint8Array> {
  const end = cutAfter === null ? bytes.length : Math.min(cutAfter, bytes.length);
  onGiven(0);
  for (let at = 0; at < end; at += chunkBytes) {
    onGiven(Math.min(end, at + chunkBytes));
    yield bytes.subarray(at, Math.min(end, at + chunkBytes));
  }
  if (cutAfter !== null) throw new Error('connection reset');
}
