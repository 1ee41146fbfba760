import { setTimeout as delay } from 'node:timers/promises';
import type { Strike } from '../../faults/random/strike.ts';
import type { Dice } from '../../support/seeded-dice.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import type { ClusterProcess, ClusterProgram } from '../cluster-process.ts';

/** The programs of a cluster, and the lines on which agents call it. */
export interface ClusterScene {
  readonly dice: Dice;
  readonly programs: Readonly<Record<ClusterProgram, ClusterProcess>>;
  readonly apiLines: readonly [TcpProxy, ...TcpProxy[]];
}

type ClusterStrike = Strike<ClusterScene>;

const strikes: readonly [ClusterStrike, ...ClusterStrike[]] = [
  killed('apiserver'),
  stopped('apiserver'),
  killed('controller-manager'),
  killed('scheduler'),
  stopped('etcd'),
  killed('kubelet'),
  stopped('kubelet'),
  stopped('containerd'),
  { name: 'line to the cluster cut', strike: async (scene) => pickLine(scene).cut() },
  {
    name: 'line to the cluster cut in an answer',
    async strike(scene) {
      pickLine(scene).cutAfter(scene.dice.pick(['up', 'down']), 1 + scene.dice.below(20_000));
      await delay(scene.dice.below(500));
    },
  },
  {
    name: 'line to the cluster frozen',
    async strike(scene) {
      const line = pickLine(scene);
      line.freeze();
      await delay(scene.dice.below(8_000));
      line.cut();
    },
  },
  {
    name: 'line to the cluster one-way',
    async strike(scene) {
      const line = pickLine(scene);
      line.silence(scene.dice.pick(['up', 'down']));
      await delay(scene.dice.below(8_000));
      line.cut();
    },
  },
  {
    name: 'line to the cluster slow',
    async strike(scene) {
      const line = pickLine(scene);
      line.slowTo(50_000 + scene.dice.below(500_000));
      await delay(scene.dice.below(5_000));
      line.slowTo(null);
    },
  },
];

export function pickClusterStrike({ dice }: ClusterScene): ClusterStrike {
  return dice.pick(strikes);
}

function pickLine({ dice, apiLines }: ClusterScene): TcpProxy {
  return dice.pick(apiLines);
}

function killed(program: ClusterProgram): ClusterStrike {
  return {
    name: `${program} killed`,
    async strike({ programs, dice }) {
      await programs[program].kill();
      await delay(dice.below(4_000));
      await programs[program].startAgain();
    },
  };
}

function stopped(program: ClusterProgram): ClusterStrike {
  return {
    name: `${program} stopped`,
    async strike({ programs, dice }) {
      programs[program].pause();
      await delay(dice.below(6_000));
      programs[program].resume();
    },
  };
}
