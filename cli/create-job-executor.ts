import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AgentConfig } from '../agent/config.ts';
import { type DataFolder, toDataFolder } from '../agent/data-folder.ts';
import {
  createKubernetesExecutor,
  type KubernetesExecutor,
} from '../agent/executors/kubernetes/kubernetes-executor.ts';
import { openNotedNamespaces } from '../agent/executors/kubernetes/noted-namespaces.ts';
import { toRunnerImage } from '../agent/executors/kubernetes/runner-image.ts';
import type { Kubernetes } from '../agent/kubernetes/open-kubernetes.ts';
import { EnrolmentAnswer } from '../protocol/enrolment.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemFileSystem } from '../runtime/file-system.ts';
import type { Logger } from '../runtime/logger.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import { systemRandom } from '../runtime/random.ts';

/** What runs the Jobs of the agent that is configured so. */
export function createJobExecutor(
  { client }: Kubernetes,
  options: { readonly config: AgentConfig; readonly logger: Logger; readonly loops: LoopBoard },
): KubernetesExecutor {
  const { config, logger, loops } = options;
  const folder = toDataFolder(resolve(config.data));
  let id: string | null = null;
  return createKubernetesExecutor({
    client,
    // The agent has its id by the time at which anything asks for it.
    agentId: () => {
      id ??= readAgentId(folder);
      return id;
    },
    isKnown: async (attempt) => (await systemFileSystem.lstat(join(folder.attempts, attempt))) !== null,
    namespaces: openNotedNamespaces(systemFileSystem, folder.jobNamespaces),
    fileSystem: systemFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger,
    loops,
    runner: toRunnerImage(config),
  });
}

function readAgentId({ identity }: DataFolder): string {
  return EnrolmentAnswer.parse(JSON.parse(readFileSync(identity, 'utf8'))).id;
}
