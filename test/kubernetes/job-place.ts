import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PreparedCommand } from '../../agent/automations/prepared-command.ts';
import { defaultJobLimits, type JobLimits } from '../../agent/executors/kubernetes/job-context.ts';
import { jobFolder } from '../../agent/executors/kubernetes/job-folder.ts';
import {
  createKubernetesExecutor,
  type KubernetesExecutor,
} from '../../agent/executors/kubernetes/kubernetes-executor.ts';
import { openNotedNamespaces } from '../../agent/executors/kubernetes/noted-namespaces.ts';
import { openKubeconfigAccess } from '../../agent/kubernetes/access/kubeconfig-access.ts';
import { createKubernetesClient } from '../../agent/kubernetes/create-client.ts';
import type { KubernetesClient } from '../../agent/kubernetes/kubernetes-client.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { createDirectOutlet } from '../../runtime/network/outlet.ts';
import { systemRandom } from '../../runtime/random.ts';
import type { ExecutorPlace, TestProgram } from '../contract/executor-harness.ts';
import type { KubeCluster } from '../support/kube-cluster.ts';

export const testImage = 'localhost/busybox:1';

/** An agent's side of a real cluster. */
export interface JobPlaces extends AsyncDisposable {
  readonly agent: string;
  create(limits?: Partial<JobLimits>): KubernetesExecutor;
  createPlace(): Promise<ExecutorPlace>;
}

export function createJobPlaces(cluster: KubeCluster): JobPlaces {
  const root = mkdtempSync(join(tmpdir(), 'farhand-pods-'));
  const agent = randomUUID();
  return {
    agent,
    create: (limits = {}) => {
      const client = openAdminClient(cluster);
      const executor = createKubernetesExecutor({
        client,
        agentId: () => agent,
        isKnown: async () => true,
        namespaces: openNotedNamespaces(systemFileSystem, join(root, 'namespaces.json')),
        fileSystem: systemFileSystem,
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        loops: createLoopBoard(systemClock),
        limits: { ...defaultJobLimits, ...limits },
      });
      const dispose = async () => {
        await executor[Symbol.asyncDispose]();
        await client[Symbol.asyncDispose]();
      };
      return { ...executor, [Symbol.asyncDispose]: dispose };
    },
    createPlace: async () => {
      const attempt = randomUUID();
      const folder = join(root, attempt);
      await mkdir(folder, { mode: 0o700 });
      return {
        target: { attempt, folder },
        readOutput: () => readFile(join(folder, 'raw')).catch(() => Buffer.alloc(0)),
        writeIntent: () => writeFile(join(folder, 'intent.json'), '{}'),
      };
    },
    async [Symbol.asyncDispose]() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A script for the `sh` of the image. */
export function toScript(
  script: string,
  settings: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string>> = {},
): PreparedCommand {
  return {
    argv: ['sh', '-c', script],
    environment: { FARHAND_OUTPUTS: `${jobFolder}/outputs`, ...environment },
    workingDirectory: jobFolder,
    files: [],
    settings: { image: testImage, pendingSeconds: 60, imageSeconds: 3, ...settings } as NonNullable<
      PreparedCommand['settings']
    >,
  };
}

export function toCommand(program: TestProgram): PreparedCommand {
  const { ignoresTerm, print, bytes, outputs, seconds, status = 0 } = program;
  const lines = [
    ignoresTerm === true ? `trap '' TERM` : `trap 'exit 143' TERM`,
    ...(print === undefined ? [] : [`printf '%s' "$PRINT"`]),
    ...(bytes === undefined ? [] : [`yes "$LINE" | head -c ${bytes}`]),
    ...(outputs === undefined ? [] : [`printf '%s' "$OUTPUTS" >"$FARHAND_OUTPUTS"`]),
    ...(seconds === undefined ? [] : [`sleep ${seconds} & wait`]),
    `exit ${status}`,
  ];
  const values = { PRINT: print ?? '', OUTPUTS: JSON.stringify(outputs ?? null), LINE: 'x'.repeat(999) };
  return toScript(lines.join('\n'), {}, values);
}

export function openAdminClient(cluster: KubeCluster): KubernetesClient {
  return createKubernetesClient({
    access: openKubeconfigAccess({ path: cluster.kubeconfig, context: null, environment: {}, clock: systemClock }),
    outlet: createDirectOutlet({ logger: silentLogger }),
    clock: systemClock,
    random: systemRandom,
    namespace: 'default',
    perSecond: 100,
    burst: 200,
  });
}
