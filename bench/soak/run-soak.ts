import { setTimeout as delay } from 'node:timers/promises';
import { readMachineFacts } from '../machine-facts.ts';
import { openProgram, programWords } from '../program-choice.ts';
import type { Workplace } from '../workplace.ts';
import { countWarnings } from './count-warnings.ts';
import { findOf } from './finding.ts';
import { createJobKinds } from './job-kinds.ts';
import { runLoad } from './load.ts';
import { Outcomes } from './outcomes.ts';
import { quantities } from './quantity.ts';
import { runReaders } from './readers.ts';
import { Recording } from './recording.ts';
import { runRestarts } from './restarts.ts';
import { rotateFile } from './rotate-file.ts';
import { runSampler } from './sampler.ts';
import type { SoakOptions } from './soak-options.ts';
import { createSoakPlace, type SoakPlace } from './soak-place.ts';
import type { SoakReport } from './soak-report.ts';
import { snapshotOptions, takeSnapshots } from './take-snapshots.ts';

/** Times that the last agent is restarted, and how long it lives at least. */
const restarts = 8;
const leastLifeMs = 4_000;
const recentJobs = 20;
const rotateEveryMs = 20_000;

/** Keeps a hub and three agents busy for as long as the options say, and resolves with what was seen meanwhile. */
export async function runSoak(options: SoakOptions, workplace: Workplace): Promise<SoakReport> {
  const say = (text: string) => void process.stderr.write(`  ${text}\n`);
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const machine = await readMachineFacts(workplace.folder);
  const program = await openProgram(options.program, { workplace, say });
  const outcomes = new Outcomes();
  let recording: Recording;
  let restarted: number;
  {
    const nodeOptions = options.snapshots ? snapshotOptions : [];
    await using place = await createSoakPlace({ workplace, program, nodeOptions });
    recording = new Recording();
    say(`soaking for ${options.forMs / 60_000} minutes`);
    await soak(place, { options, outcomes, recording, workplace });
    restarted = place.agents.reduce((sum, agent) => sum + agent.restarts, 0);
  }
  return {
    date,
    minutes: options.forMs / 60_000,
    facts: [
      ...machine.map((fact) => fact.replaceAll('**', '')),
      `Measured: ${programWords[options.program.type]}`,
      `A hub and three agents, of which the last was restarted ${restarted} times, in order and by a crash in turn; ${options.pace} times the usual load`,
    ],
    findings: quantities.flatMap((quantity) =>
      recording
        .lines()
        .filter((line) => line.quantity === quantity.key)
        .map((line) => findOf(line, quantity)),
    ),
    outcomes: outcomes.list(),
    surprises: outcomes.surprises,
    warnings: await countWarnings(workplace.folder),
  };
}

interface Parts {
  readonly options: SoakOptions;
  readonly outcomes: Outcomes;
  readonly recording: Recording;
  readonly workplace: Workplace;
}

/** The load ends first, then who looks at it. */
async function soak(place: SoakPlace, { options, outcomes, recording, workplace }: Parts): Promise<void> {
  const { client, agents, text } = place;
  const { forMs, everyMs, pace } = options;
  const over = new AbortController();
  const { signal } = over;
  const recent: string[] = [];
  const onSubmitted = (id: string, kind: string) => {
    if (kind !== 'nothing') recent.push(id);
    if (recent.length > recentJobs) recent.shift();
  };
  const pick = () => recent[Math.floor(Math.random() * recent.length)] ?? null;
  const last = agents.at(-1);
  const work = [
    runLoad({ client, kinds: createJobKinds(text), pace, outcomes, onSubmitted, signal }),
    runReaders({ client, pick, signal }),
    rotateFile(place.jobLog, { everyMs: rotateEveryMs, signal }),
    runSampler(place, { recording, everyMs, signal }),
    ...(last === undefined
      ? []
      : [runRestarts(last, { everyMs: Math.max(leastLifeMs, forMs / (restarts + 1)), signal })]),
  ];
  const snap = async (label: string) => {
    const sources = [{ name: 'hub', pid: place.hub.pid }, ...agents.slice(0, -1)];
    if (options.snapshots) await takeSnapshots(sources, { label, folder: workplace.folder, output: options.output });
  };
  const time = async () => {
    await delay(forMs / 4, undefined, { signal });
    await snap('early');
    await delay((forMs * 3) / 4, undefined, { signal });
    await snap('late');
  };
  try {
    // What fails ends the run: nothing is told of half a soak.
    await Promise.race([time(), Promise.all(work)]);
  } finally {
    over.abort();
    await Promise.allSettled(work);
  }
}
