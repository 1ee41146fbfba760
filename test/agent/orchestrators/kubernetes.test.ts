import { defaultListWatchLimits } from '../../../agent/kubernetes/list-watch.ts';
import { createKubernetesOrchestrator } from '../../../agent/orchestrators/kubernetes/kubernetes-orchestrator.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { testOrchestrator } from '../../contract/orchestrator-contract.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openKubePlace } from '../kubernetes/kube-place.ts';

checkLeaks();

testOrchestrator({
  name: 'kubernetes, on a server of our own',
  async open() {
    const place = await openKubePlace();
    const { server, client } = place;
    const node = (name: string) => `/api/v1/nodes/${name}`;
    const app = (name: string) => `/apis/apps/v1/namespaces/shop/deployments/${name}`;
    let beats = 0;
    const cores = new Map<string, number>();
    const put = (name: string) => {
      const at = new Date((beats += 1) * 10_000).toISOString();
      const conditions = [{ type: 'Ready', status: 'True', message: 'kubelet is ready', lastHeartbeatTime: at }];
      const capacity = { cpu: String(cores.get(name)), memory: '8Gi' };
      server.put(node(name), { spec: {}, status: { capacity, allocatable: capacity, conditions } });
    };
    return {
      start: createKubernetesOrchestrator({
        client,
        cluster: 'here',
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        loops: createLoopBoard(systemClock),
        limits: { ...defaultListWatchLimits, firstRetryMs: 20, maxRetryMs: 100 },
      }),
      async putNode(name, cpu) {
        cores.set(name, cpu);
        put(name);
      },
      touchNode: async (name) => put(name),
      removeNode: async (name) => void server.remove(node(name)),
      async putApp(name, replicas) {
        server.put(app(name), { spec: { replicas, template: { spec: { containers: [] } } }, status: {} });
      },
      removeApp: async (name) => void server.remove(app(name)),
      stop: () => server.stop(),
      resume: () => server.resume(),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  },
});
