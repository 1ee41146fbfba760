import { setTimeout as delay } from 'node:timers/promises';
import { findClosedPort } from '../../support/find-closed-port.ts';
import type { ProxyScene, Strike } from './strike.ts';

type ProxyStrike = Strike<ProxyScene>;

const short: readonly [ProxyStrike, ...ProxyStrike[]] = [
  {
    name: 'proxy killed',
    async strike({ proxy, dice }) {
      await proxy.kill();
      await delay(dice.below(3_000));
      await proxy.start();
    },
  },
  {
    name: 'proxy stopped',
    async strike({ proxy, dice }) {
      proxy.pause();
      await delay(dice.below(2_000));
      proxy.resume();
    },
  },
  {
    name: 'proxy stopped, then killed',
    async strike({ proxy, dice }) {
      proxy.pause();
      await delay(dice.below(2_000));
      await proxy.kill();
      await proxy.start();
    },
  },
  { name: 'connections cut at the proxy', strike: async ({ proxy }) => proxy.line.cut() },
  {
    name: 'connections cut at the proxy in a message',
    async strike({ proxy, dice }) {
      proxy.line.cutAfter(dice.pick(['up', 'down']), 1 + dice.below(20_000));
      await delay(dice.below(300));
    },
  },
  {
    name: 'connections to the proxy one-way',
    async strike({ proxy, dice }) {
      proxy.line.silence(dice.pick(['up', 'down']));
      await delay(dice.below(800));
      proxy.line.cut();
    },
  },
  {
    name: 'connections to the proxy slow',
    async strike({ proxy, dice }) {
      proxy.line.slowTo(50_000 + dice.below(500_000));
      await delay(dice.below(1_500));
      proxy.line.slowTo(null);
    },
  },
  {
    name: 'proxy not to be reached',
    async strike({ proxy, dice }) {
      proxy.line.leadTo(await findClosedPort());
      proxy.line.cut();
      await delay(dice.below(3_000));
      proxy.line.leadTo(proxy.port);
    },
  },
];

/** Longer than anybody waits for an answer, and than it takes to call jobs lost. */
const long: readonly [ProxyStrike, ...ProxyStrike[]] = [
  {
    name: 'proxy stopped for long',
    async strike({ proxy, dice }) {
      proxy.pause();
      await delay(25_000 + dice.below(15_000));
      proxy.resume();
    },
  },
  {
    name: 'proxy away for long',
    async strike({ proxy, dice }) {
      await proxy.kill();
      await delay(10_000 + dice.below(20_000));
      await proxy.start();
    },
  },
  {
    name: 'proxy killed again and again',
    async strike({ proxy, dice }) {
      for (let kill = 0; kill < 10; kill += 1) {
        await proxy.kill();
        await proxy.start();
        await delay(dice.below(600));
      }
    },
  },
];

/** All agents go through it: where it is away nobody works, so it is for long one time in ten. */
export function pickProxyStrike({ dice }: ProxyScene, options: { readonly long: boolean }): ProxyStrike {
  return dice.pick(options.long && dice.below(10) === 0 ? long : short);
}
