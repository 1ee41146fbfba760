/** As much of BullMQ as the benchmarks use: it is installed by the run, and has no types here. */
export interface BullmqApi {
  readonly Queue: new (name: string, options: BullmqOptions) => BullmqQueue;
  readonly QueueEvents: new (name: string, options: BullmqOptions) => BullmqEvents;
  readonly Worker: new (
    name: string,
    process: (job: { readonly name: string }) => Promise<string>,
    options: BullmqOptions & { readonly concurrency: number },
  ) => BullmqPart;
}

interface BullmqOptions {
  readonly connection: { readonly host: string; readonly port: number; readonly maxRetriesPerRequest: null };
}

interface BullmqPart {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export type BullmqEvents = BullmqPart;

export interface BullmqQueue extends BullmqPart {
  setMaxListeners(count: number): void;
  add(name: string, data: object): Promise<{ waitUntilFinished(events: BullmqEvents): Promise<string> }>;
}

export function toBullmqOptions(port: number): BullmqOptions {
  return { connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null } };
}
