import type { AdmissionReason, Admission as AdmissionReport } from '../../protocol/admission.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { LoopBoard } from '../../runtime/loop-board.ts';
import type { LoopLag } from '../../runtime/loop-lag.ts';
import type { Spool } from '../attempts/spool.ts';
import type { Decline } from '../dispatch.ts';
import type { AdmissionLimits } from './admission-limits.ts';
import { Gate } from './gate.ts';
import type { Pressure, PressureReading, Stall } from './pressure.ts';

/** Well again is what is below this part of the limit. */
const wellPart = 0.5;

export interface AdmissionOptions {
  readonly pressure: Pressure;
  readonly loopLag: LoopLag;
  readonly spool: Pick<Spool, 'isShort'>;
  readonly limits: AdmissionLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly loops: LoopBoard;
  /** It is open or closed, or closed for another reason, since now. */
  readonly onChange: () => void;
}

/** Whether jobs are taken, as far as that is a matter of pressure. It asks by itself, and says what it found. Jobs that run it does not touch. */
export interface Admission extends Disposable {
  readonly current: AdmissionReport;
  /** Why an offer is not taken now; null while it is open, or closed for want of room alone: whether there is room, a claim asks itself. */
  refuse(): Decline | null;
}

/** What may close it. */
interface Cause {
  readonly kind: AdmissionReason['kind'];
  readonly gate: Gate;
  readonly measure: (reading: PressureReading) => number | null;
  /** For a person: what was measured, and the limit. */
  readonly words: (reading: PressureReading) => string;
}

export function startAdmission(options: AdmissionOptions): Admission {
  const { pressure, loopLag, clock } = options;
  const { lookEveryMs } = options.limits;
  const causes = toCauses(options);
  const loop = options.loops.open('admission');
  let reading = pressure();
  let reasons: readonly AdmissionReason[] = [];
  let since = clock.now();

  function look(): void {
    reading = pressure();
    const at = clock.monotonic();
    const closed = causes.filter(({ gate, measure }) => gate.look(measure(reading), at));
    const before = new Map(reasons.map((reason) => [reason.kind, reason]));
    // The words are those of the beginning: they are kept by the hub, and numbers that move would be news each time.
    const now = closed.map(({ kind, words }) => before.get(kind) ?? { kind, message: words(reading) });
    const isNews = now.length !== reasons.length || now.some((reason) => !reasons.includes(reason));
    const hasTurned = (now.length === 0) !== (reasons.length === 0);
    reasons = now;
    if (hasTurned) since = clock.now();
    if (isNews) tell(now);
    loop.turned();
    timer = schedule();
  }

  function tell(now: readonly AdmissionReason[]): void {
    const { logger, onChange } = options;
    if (now.length === 0) logger.info({ values: toValues() }, 'takes jobs again');
    else
      logger.warn({ reasons: now.map(({ message }) => message), values: toValues() }, 'takes no jobs under pressure');
    onChange();
  }

  function schedule(): Timer {
    const doing = reasons.length === 0 ? 'jobs are taken' : `no jobs are taken: ${toWords(reasons)}`;
    loop.does(doing, { nextInMs: lookEveryMs });
    return clock.schedule(lookEveryMs, look, { background: true });
  }

  function toValues(): AdmissionReport['values'] {
    const { meanMs, maxMs } = loopLag.latest;
    const { cpu, memory, io, freeMemoryPercent } = reading;
    return {
      cpu: toWholePercent(cpu),
      memory: toWholePercent(memory),
      io: toWholePercent(io),
      freeMemoryPercent: freeMemoryPercent === null ? null : Math.round(freeMemoryPercent),
      loopLagMeanMs: Math.round(meanMs),
      loopLagMaxMs: Math.round(maxMs),
    };
  }

  let timer = schedule();
  return {
    get current(): AdmissionReport {
      return {
        state: reasons.length === 0 ? 'open' : 'closed',
        since: new Date(since).toISOString(),
        reasons: [...reasons],
        values: toValues(),
      };
    },
    refuse() {
      const pressing = reasons.filter(({ kind }) => kind !== 'spool');
      return pressing.length === 0 ? null : { reason: 'pressure', message: toWords(pressing) };
    },
    [Symbol.dispose]: () => {
      timer.cancel();
      loop[Symbol.dispose]();
    },
  };
}

function toCauses({ limits, loopLag, spool }: AdmissionOptions): readonly Cause[] {
  const { closeAfterMs, openAfterMs } = limits;
  const { cpuPercent, memoryPercent, ioPercent, minFreeMemoryPercent, loopLagMs } = limits.pressure;
  const toGate = (limit: number) => new Gate({ limit, wellAt: limit * wellPart, closeAfterMs, openAfterMs });
  const stall = (kind: 'cpu' | 'memory' | 'io', limit: number): Cause => ({
    kind,
    gate: toGate(limit),
    measure: (reading) => reading[kind]?.percent ?? null,
    words: (reading) => toStallWords(kind, reading[kind], limit),
  });
  return [
    stall('memory', memoryPercent),
    {
      kind: 'memory',
      gate: toGate(1),
      measure: ({ memory, freeMemoryPercent }) =>
        memory !== null || freeMemoryPercent === null ? null : minFreeMemoryPercent / Math.max(freeMemoryPercent, 0.01),
      words: ({ freeMemoryPercent }) =>
        `${(freeMemoryPercent ?? 0).toFixed(1)} % of the memory is free, limit ${minFreeMemoryPercent} %`,
    },
    stall('io', ioPercent),
    stall('cpu', cpuPercent),
    {
      kind: 'loop-lag',
      gate: toGate(loopLagMs),
      measure: () => loopLag.latest.meanMs,
      words: () =>
        `the agent itself comes ${Math.round(loopLag.latest.meanMs)} ms late on average, limit ${loopLagMs} ms`,
    },
    {
      kind: 'spool',
      // Not a matter of how long: the next job would have nowhere to print to, or has.
      gate: new Gate({ limit: 1, wellAt: 0, closeAfterMs: 0, openAfterMs: 0 }),
      measure: () => (spool.isShort ? 1 : 0),
      words: () => 'no room for the output of another job',
    },
  ];
}

function toStallWords(kind: 'cpu' | 'memory' | 'io', stall: Stall | null, limit: number): string {
  const whose = stall?.from === 'cgroup' ? ' of its control group' : '';
  return `${kind} pressure${whose} ${Math.round(stall?.percent ?? 0)} % over 10 s, limit ${limit} %`;
}

function toWords(reasons: readonly AdmissionReason[]): string {
  return reasons.map(({ message }) => message).join('; ');
}

function toWholePercent(stall: Stall | null): Stall | null {
  return stall === null ? null : { ...stall, percent: Math.round(stall.percent) };
}
