import type { JsonObject } from '../../../../protocol/json.ts';
import type { Harvest } from '../../harvest.ts';
import { outputsFile, parseOutputs } from '../../program-outputs.ts';
import { nothingMatchedStatus } from './launcher.ts';

/** Of `ansible-playbook` (`ansible/cli/__init__.py` and `executor/task_queue_manager.py` of ansible-core), and one of ours. */
const exitMeanings: Readonly<Record<number, string>> = {
  1: 'ansible-playbook stopped with an error, which the log tells',
  2: 'a task failed on one host or more',
  [nothingMatchedStatus]: 'no play found a host, so nothing was done',
  4: 'a host could not be reached, or the playbook could not be read: the log tells which',
  5: 'ansible-playbook did not take an option',
  250: 'ansible-playbook itself failed, which the log tells',
};

/** What the plugin wrote. */
function toOutputs(bytes: Buffer | null): JsonObject {
  return bytes === null ? {} : (parseOutputs(bytes) ?? {});
}

/** What the plugin wrote, also where hosts failed; and what `ansible-playbook` means by its exit status. */
export const ansibleHarvest: Harvest = {
  outputFiles: [outputsFile],
  outputsOnFailure: true,
  toOutputs: (files) => toOutputs(files(outputsFile.name)),
  failureFiles: [],
  explain: (_files, status) => exitMeanings[status] ?? null,
};
