import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DataFolder, toDataFolder } from '../agent/data-folder.ts';
import {
  createKubernetesExecutor,
  type KubernetesExecutor,
} from '../agent/executors/kubernetes/kubernetes-executor.ts';
import type { Kubernetes } from '../agent/kubernetes/open-kubernetes.ts';
import { EnrolmentAnswer } from '../protocol/enrolment.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemFileSystem } from '../runtime/file-system.ts';
import type { Logger } from '../runtime/logger.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import { systemRandom } from '../runtime/random.ts';

/** What runs the Jobs of the agent whose data is at `root`. */
export function createJobExecutor(
  { client }: Kubernetes,
  options: { readonly root: string; readonly logger: Logger; readonly loops: LoopBoard },
): KubernetesExecutor {
  const { root, logger, loops } = options;
  const folder = toDataFolder(root);
  let id: string | null = null;
  return createKubernetesExecutor({
    client,
    // The agent has its id by the time at which anything asks for it.
    agentId: () => {
      id ??= readAgentId(folder);
      return id;
    },
    isKnown: async (attempt) => (await systemFileSystem.lstat(join(folder.attempts, attempt))) !== null,
    fileSystem: systemFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger,
    loops,
  });
}

function readAgentId({ identity }: DataFolder): string {
  return EnrolmentAnswer.parse(JSON.parse(readFileSync(identity, 'utf8'))).id;
}
