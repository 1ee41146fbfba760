import { z } from 'zod';
import type { JsonObject } from '../../../../protocol/json.ts';
import type { Harvest, LeftFiles } from '../../harvest.ts';
import type { LeftFile } from '../../left-file.ts';
import { outputsFile, parseOutputs } from '../../program-outputs.ts';
import { logTail, toLogTail } from '../log-tail.ts';
import { failureFileName } from './launcher.ts';

/** Of `ansible-playbook` (`ansible/cli/__init__.py` and `executor/task_queue_manager.py` of ansible-core). */
const exitMeanings: Readonly<Record<number, string>> = {
  1: 'ansible-playbook stopped with an error',
  2: 'a task failed on one host or more',
  4: 'a host could not be reached, or the playbook could not be read',
  5: 'ansible-playbook did not take an option',
  250: 'ansible-playbook itself failed',
};

/** What the launcher says when it gives up itself. */
const failure: LeftFile = {
  name: failureFileName,
  of: 'command',
  called: 'the reason',
  maxBytes: 64 * 1024,
  over: 'tail',
};

/** What the plugin wrote of hosts that did not get to the end. */
const Failed = z.object({
  hosts: z.record(z.string(), z.object({ failed: z.number(), unreachable: z.number() })),
  failures: z.array(z.object({ host: z.string(), task: z.string(), message: z.string() })).default([]),
});

/** What the plugin wrote. */
function toOutputs(bytes: Buffer | null): JsonObject {
  return bytes === null ? {} : (parseOutputs(bytes) ?? {});
}

/** What ssh says in many lines, or not at all, in few words and with what to do. The first that fits counts. */
const connectionFaults: readonly (readonly [said: RegExp, meaning: string])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'the host has another key than the known hosts say: find out why before you change them',
  ],
  [
    /key is known for|Host key verification failed/,
    'the key of the host is not among the known hosts: compare it with what the host itself says, and add its line',
  ],
  [
    // Ansible still writes to ssh when the host has turned it away, and what ssh says of that is lost.
    /Broken pipe$/,
    'ssh ended before the task began, most often because the host does not let this user in with this key or password',
  ],
];

/** In one line. Nothing is cut off, or half a secret would pass the mask. */
function toQuote(message: string): string {
  const known = connectionFaults.find(([said]) => said.test(message));
  return known === undefined ? message.trim().replace(/\s*[\r\n]+\s*/g, ' ') : known[1];
}

/** The last failure of the first host that ended with one: those before it were rescued. */
function describeHosts(outputs: JsonObject): string | null {
  const parsed = Failed.safeParse(outputs);
  if (!parsed.success) return null;
  const { hosts, failures } = parsed.data;
  const bad = Object.keys(hosts).filter((name) => {
    const counts = hosts[name];
    return counts !== undefined && counts.failed + counts.unreachable > 0;
  });
  const last = failures.findLast(({ host }) => host === bad[0]);
  if (last === undefined) return null;
  const task = last.task === '' ? '' : `, task ${JSON.stringify(last.task)}`;
  const more = bad.length === 1 ? '' : `; and ${bad.length - 1} more, which the outputs tell`;
  return `${last.host}${task}: ${toQuote(last.message)}${more}`;
}

/** The last "ERROR! …" of a log, or of later versions "[ERROR]: …". */
function findError(log: string): string | null {
  const [, text = null] = [...log.matchAll(/^(?:ERROR! |\[ERROR\]: )(\S.*)$/gm)].at(-1) ?? [];
  const [, place] = /^The error appears to be in ('.*': line \d+, column \d+)/m.exec(log) ?? [];
  return text === null || place === undefined ? text : `${text} (${place})`;
}

function explain(files: LeftFiles, status: number): string | null {
  const reason = files(failure.name)?.toString() ?? null;
  if (reason !== null) return reason;
  const meaning = exitMeanings[status];
  if (meaning === undefined) return null;
  const hosts = describeHosts(toOutputs(files(outputsFile.name)));
  if (hosts !== null) return `${status === 4 ? 'a host could not be reached' : meaning}: ${hosts}`;
  return `${meaning}: ${findError(toLogTail(files)) ?? 'the log tells more'}`;
}

/** What the plugin wrote, also where hosts failed; and which host failed at what, or why Ansible did not come that far. */
export const ansibleHarvest: Harvest = {
  outputFiles: [outputsFile],
  outputsOnFailure: true,
  toOutputs: (files) => toOutputs(files(outputsFile.name)),
  failureFiles: [failure, outputsFile, logTail],
  explain,
};
