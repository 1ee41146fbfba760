import { setTimeout as delay } from 'node:timers/promises';
import { limitDescriptors } from '../../support/descriptor-limit.ts';
import {
  findJobProcesses,
  findLauncherShells,
  type JobProcess,
  type JobProcessRole,
  signalProcess,
} from '../../support/job-processes.ts';
import { createCertificateStrikes } from './certificate-strikes.ts';
import type { AgentScene, Strike } from './strike.ts';

type AgentStrike = Strike<AgentScene>;

const short: readonly [AgentStrike, ...AgentStrike[]] = [
  {
    name: 'agent killed',
    async strike({ agent, dice }) {
      await agent.kill();
      await delay(dice.below(800));
      agent.launch();
    },
  },
  {
    name: 'agent left',
    async strike({ agent, dice }) {
      await agent.kill('SIGTERM');
      await delay(dice.below(300));
      agent.launch();
    },
  },
  {
    name: 'agent stopped',
    async strike({ agent, dice }) {
      agent.pause();
      await delay(dice.below(1_500));
      agent.resume();
    },
  },
  {
    name: 'agent stopped, then killed',
    async strike({ agent, dice }) {
      agent.pause();
      await delay(dice.below(1_500));
      await agent.kill();
      agent.launch();
    },
  },
  { name: 'line cut', strike: async ({ agent }) => agent.line.cut() },
  {
    name: 'line cut in a message',
    async strike({ agent, dice }) {
      agent.line.cutAfter(dice.pick(['up', 'down']), 1 + dice.below(20_000));
      await delay(dice.below(300));
    },
  },
  {
    name: 'line stalled',
    async strike({ agent, dice }) {
      using _held = agent.line.hold(dice.pick(['up', 'down']));
      await delay(dice.below(1_500));
    },
  },
  {
    name: 'line one-way',
    async strike({ agent, dice }) {
      agent.line.silence(dice.pick(['up', 'down']));
      await delay(dice.below(800));
      agent.line.cut();
    },
  },
  {
    name: 'line slow',
    async strike({ agent, dice }) {
      agent.line.slowTo(20_000 + dice.below(200_000));
      await delay(dice.below(1_500));
      agent.line.slowTo(null);
    },
  },
  {
    name: 'command stopped',
    strike: (scene) => stopProcess(scene, 'command'),
  },
  {
    name: 'wrapper stopped',
    strike: (scene) => stopProcess(scene, 'wrapper'),
  },
  {
    name: 'sink stopped',
    strike: (scene) => stopProcess(scene, 'sink'),
  },
  {
    name: 'command killed',
    strike: async (scene) => killProcess(scene, 'command', ['failed signal']),
  },
  {
    name: 'wrapper killed',
    strike: async (scene) => killProcess(scene, 'wrapper', ['lost process-lost', 'failed signal']),
  },
  {
    name: 'sink killed',
    strike: async (scene) => killProcess(scene, 'sink', ['failed signal', 'failed exit-code 1']),
  },
  {
    name: 'launcher shell killed',
    async strike({ agent, dice }) {
      const shells = agent.pid === null ? [] : findLauncherShells(agent.pid);
      const [first, ...others] = shells;
      if (first !== undefined) signalProcess(dice.pick([first, ...others]), 'SIGKILL');
    },
  },
  {
    name: 'launcher shells stopped',
    async strike({ agent, dice }) {
      const shells = agent.pid === null ? [] : findLauncherShells(agent.pid);
      for (const shell of shells) signalProcess(shell, 'SIGSTOP');
      await delay(dice.below(1_500));
      for (const shell of shells) signalProcess(shell, 'SIGCONT');
    },
  },
];

/** Half a minute and more: long enough for everybody to give up on a connection, and for jobs to be called lost. */
const long: readonly [AgentStrike, ...AgentStrike[]] = [
  {
    name: 'agent stopped for long',
    async strike({ agent, dice }) {
      agent.pause();
      await delay(25_000 + dice.below(20_000));
      agent.resume();
    },
  },
  {
    name: 'agent away for long',
    async strike({ agent, dice }) {
      await agent.kill();
      await delay(15_000 + dice.below(20_000));
      agent.launch();
    },
  },
  {
    name: 'line half open for long',
    async strike({ agent, dice }) {
      agent.line.silence('up');
      agent.line.silence('down');
      await delay(30_000 + dice.below(15_000));
    },
  },
  {
    name: 'line slow for long',
    async strike({ agent, dice }) {
      agent.line.slowTo(10_000 + dice.below(100_000));
      await delay(5_000 + dice.below(20_000));
      agent.line.slowTo(null);
    },
  },
  {
    name: 'agent killed again and again',
    async strike({ agent, dice }) {
      for (let kill = 0; kill < 10; kill += 1) {
        await agent.kill();
        agent.launch();
        await delay(dice.below(600));
      }
    },
  },
  {
    name: "agent's disk full",
    async strike({ agent, disk, dice, excuses }) {
      if (disk === null) return;
      using _excused = excuses.excuseAll(agent.name, ['failed spool-full', 'failed start-failed']);
      using _full = disk.fill();
      await delay(500 + dice.below(5_000));
      if (dice.below(3) > 0) return;
      await agent.kill();
      agent.launch();
      await delay(dice.below(3_000));
    },
  },
  {
    name: 'agent without descriptors',
    async strike({ agent, dice, excuses }) {
      if (agent.pid === null) return;
      using _excused = excuses.excuseAll(agent.name, ['failed start-failed']);
      using _limited = limitDescriptors(agent.pid, dice.below(4));
      await delay(500 + dice.below(5_000));
    },
  },
];

/** One strike in ten is a long one where the run has the time, and one at the agent's certificate where it has one. */
export function pickAgentStrike(scene: AgentScene, options: { readonly long: boolean }): AgentStrike {
  const { dice, agent, place } = scene;
  const { certificates } = place.route;
  if (certificates !== null && agent.files !== null && dice.below(10) === 0)
    return dice.pick(createCertificateStrikes({ what: 'agent', daemon: agent, files: agent.files, certificates }));
  return dice.pick(options.long && dice.below(10) === 0 ? long : short);
}

function pickProcess({ place, dice }: AgentScene, role: JobProcessRole): JobProcess | null {
  const [first, ...others] = findJobProcesses(place.mark).filter((one) => one.role === role);
  return first === undefined ? null : dice.pick([first, ...others]);
}

async function stopProcess(scene: AgentScene, role: JobProcessRole): Promise<void> {
  const found = pickProcess(scene, role);
  if (found === null) return;
  signalProcess(found.pid, 'SIGSTOP');
  await delay(scene.dice.below(2_000));
  signalProcess(found.pid, 'SIGCONT');
}

function killProcess(scene: AgentScene, role: JobProcessRole, ends: readonly string[]): void {
  const found = pickProcess(scene, role);
  if (found === null) return;
  scene.excuses.excuse(found.job, ends);
  signalProcess(found.pid, 'SIGKILL');
}
