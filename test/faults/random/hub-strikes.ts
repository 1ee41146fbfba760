import { setTimeout as delay } from 'node:timers/promises';
import { limitDescriptors } from '../../support/descriptor-limit.ts';
import { signalProcess } from '../../support/job-processes.ts';
import { createCertificateStrikes } from './certificate-strikes.ts';
import type { HubScene, Strike } from './strike.ts';

type HubStrike = Strike<HubScene>;

const short: readonly [HubStrike, ...HubStrike[]] = [
  {
    name: 'hub killed',
    async strike({ place: { hub }, dice }) {
      await hub.kill();
      await delay(dice.below(800));
      await hub.start();
    },
  },
  {
    name: 'hub left',
    async strike({ place: { hub } }) {
      await hub.kill('SIGTERM');
      await hub.start();
    },
  },
  {
    name: 'hub stopped',
    async strike({ place: { hub }, dice }) {
      hub.pause();
      await delay(dice.below(1_000));
      hub.resume();
    },
  },
];

const long: readonly [HubStrike, ...HubStrike[]] = [
  {
    name: 'hub away for long',
    async strike({ place: { hub }, dice }) {
      await hub.kill();
      await delay(5_000 + dice.below(25_000));
      await hub.start();
    },
  },
  {
    name: 'hub stopped for long',
    async strike({ place: { hub }, dice }) {
      hub.pause();
      await delay(10_000 + dice.below(25_000));
      hub.resume();
    },
  },
  {
    name: 'hub killed again and again',
    async strike({ place: { hub }, dice }) {
      for (let kill = 0; kill < 8; kill += 1) {
        await hub.kill();
        const started = hub.launch();
        // Killed before it is ready, it says so.
        await Promise.race([started.ready().catch(() => {}), delay(dice.below(1_000))]);
      }
      await hub.kill();
      await hub.start();
    },
  },
  {
    name: "hub's disk full",
    async strike({ place: { hub }, disk, dice }) {
      if (disk === null) return;
      {
        using _full = disk.fill();
        await delay(500 + dice.below(4_000));
        if (dice.below(3) === 0) await hub.kill();
      }
      if (!hub.isUp) await hub.start();
    },
  },
  {
    name: 'hub without descriptors',
    async strike({ place: { hub }, dice }) {
      if (hub.pid === null) return;
      using _limited = limitDescriptors(hub.pid, dice.below(4));
      await delay(500 + dice.below(4_000));
    },
  },
];

const renewed: HubStrike = {
  name: 'hub certificate renewed, and hub told',
  async strike({ place: { hub, route } }) {
    if (route.certificates !== null) await route.certificates.renew(route.certificates.hub);
    if (hub.pid !== null) signalProcess(hub.pid, 'SIGHUP');
  },
};

/** One strike in three is at the hub's certificate where it has one. */
export function pickHubStrike({ dice, place }: HubScene, options: { readonly long: boolean }): HubStrike {
  const { certificates } = place.route;
  if (certificates !== null && dice.below(3) === 0) {
    const { hub } = certificates;
    return dice.pick([
      renewed,
      ...createCertificateStrikes({ what: 'hub', daemon: place.hub, files: hub, certificates }),
    ]);
  }
  return dice.pick(options.long && dice.below(6) === 0 ? long : short);
}
