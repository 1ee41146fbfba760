import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createDice } from '../support/seeded-dice.ts';
import { whyNoProxy } from '../support/why-no-proxy.ts';
import { runRandomFaults } from './random/random-faults.ts';

checkLeaks({ settleMs: 10_000 });

faultTest(
  {
    broken: 'anything, by SIGKILL and SIGSTOP, and the lines between',
    when: '200 times at random under load',
    outcome: 'every job has an end that is true of it',
  },
  async ({ createPlace, note }) => {
    const dice = createDice();

    await runRandomFaults({ dice, more: (struck) => struck < 200, long: false, createPlace });

    note(`seed ${dice.seed}`);
  },
);

faultTest(
  {
    broken: 'the same, a squid on the way, and the certificates of both ends',
    when: '200 times at random under load, over grpcs:// with client certificates',
    outcome: 'every job has an end that is true of it',
  },
  async ({ createPlace, note, t }) => {
    const missing = whyNoProxy();
    if (missing !== null) return t.skip(missing);
    const dice = createDice();
    const way = { transport: 'grpc', tls: 'mutual', proxy: 'squid' } as const;

    await runRandomFaults({
      dice,
      more: (struck) => struck < 200,
      long: false,
      createPlace: (environment) => createPlace(environment, way),
    });

    note(`seed ${dice.seed}`);
  },
);
