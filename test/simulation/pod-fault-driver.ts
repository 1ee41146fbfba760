import type { PodFault } from './pod-fault.ts';
import type { SimulatedPod } from './simulated-pod.ts';
import type { World } from './world.ts';

/** A fault that finds no pod looks again, for so long: pods come some time after their jobs. */
const patienceMs = 5_000;
const lookEveryMs = 100;

/** Makes the faults of pods happen. */
export class PodFaultDriver {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  begin(fault: PodFault, waitedMs = 0): void {
    const { cluster, clock } = this.#world;
    const alive = cluster.alive();
    const pod = alive[fault.pick % Math.max(alive.length, 1)];
    if (pod !== undefined) return this.#strike(fault, pod);
    if (waitedMs < patienceMs)
      clock.schedule(lookEveryMs, () => {
        if (!this.#world.isHealed) this.begin(fault, waitedMs + lookEveryMs);
      });
  }

  heal(): void {
    for (const pod of this.#world.cluster.pods) {
      pod.disarm();
      this.#rejoin(pod);
    }
  }

  #strike(fault: PodFault, pod: SimulatedPod): void {
    const { clock, cluster, trace } = this.#world;
    trace.event(`${pod.name}: ${fault.type}`);
    switch (fault.type) {
      case 'crash-runner':
        return pod.arm(fault, fault.downMs);
      case 'cut-runner':
        for (const connection of pod.connections())
          connection.cutAfter(fault.direction, { messages: fault.afterMessages });
        return;
      case 'part-pod':
        pod.isCutOff = true;
        pod.isCalledLost ||= fault.isCalledLost;
        for (const connection of pod.connections())
          for (const direction of ['up', 'down'] as const) {
            if (fault.vanish) connection.silence(direction);
            else connection.hold(direction);
          }
        clock.schedule(fault.forMs, () => this.#rejoin(pod));
        return;
      case 'end-pod':
        if (fault.graceMs === null) pod.die(fault.cause);
        else pod.stop(fault.graceMs, fault.cause);
        return;
      case 'kill-container':
        return pod.killContainer(fault.what);
      case 'replace-pod':
        return cluster.replace(pod);
      case 'stale-runner':
        void pod.repeatOpen(fault.back);
        return;
      case 'misuse-ticket':
        for (const attempt of this.#world.states.attempts())
          if (attempt !== pod.attempt) void this.#misuse(pod, attempt);
    }
  }

  async #misuse(pod: SimulatedPod, attempt: string): Promise<void> {
    if (await pod.misuseTicket(attempt))
      this.#world.violates(`the ticket of attempt ${pod.attempt} opens attempt ${attempt}`);
  }

  #rejoin(pod: SimulatedPod): void {
    pod.isCutOff = false;
    for (const connection of pod.connections())
      for (const direction of ['up', 'down'] as const) connection.release(direction);
  }
}
