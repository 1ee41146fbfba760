import { type CloudEvent, parseCloudEvent } from '../../protocol/cloud-event.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { EventRouter } from '../../sync/event-router.ts';

/** What happens to one event: how long after its sending each of its copies arrives. An empty list loses it. */
export type Fate = readonly number[];

/**
 * A link between two routers that does to each event what `decide` says, and otherwise carries real bytes in order. Cutting
 * it loses what is under way.
 */
export interface FaultyLink extends AsyncDisposable {
  readonly events: readonly { readonly way: 'down' | 'up'; readonly event: CloudEvent; readonly bytes: number }[];
}

const latencyMs = 5;
export const delivered: Fate = [latencyMs];

export function connect(options: {
  readonly source: EventRouter;
  readonly agent: EventRouter;
  readonly clock: Clock;
  readonly decide: (event: CloudEvent, index: number) => Fate;
}): FaultyLink {
  const { source, agent, clock, decide } = options;
  const cut = new AbortController();
  const events: { way: 'down' | 'up'; event: CloudEvent; bytes: number }[] = [];
  const carry = (way: 'down' | 'up', receiver: EventRouter) => async (event: CloudEvent) => {
    const text = JSON.stringify(event);
    const fate = decide(event, events.length);
    events.push({ way, event, bytes: Buffer.byteLength(text) });
    for (const delayMs of fate) {
      clock.schedule(delayMs, () => {
        if (!cut.signal.aborted) receiver.receive(parseCloudEvent(text));
      });
    }
  };
  const { signal } = cut;
  const served = Promise.all([
    source.serve(carry('down', agent), { signal }),
    agent.serve(carry('up', source), { signal }),
  ]);
  return {
    events,
    async [Symbol.asyncDispose]() {
      cut.abort();
      await served;
    },
  };
}
