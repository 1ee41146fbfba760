/** What goes wrong with pods. `pick`: one of those that are alive at that moment. */
export type PodFault =
  /** Its runner dies at the operation that comes after so many others, and is started again in the same pod. */
  | {
      readonly type: 'crash-runner';
      readonly atMs: number;
      readonly pick: number;
      readonly operations: number;
      /** Only operations with this in their name count; null: all. */
      readonly on: string | null;
      readonly when: 'before' | 'after';
      readonly downMs: number;
    }
  /** Its runner's connections are cut, in the message behind so many others. */
  | {
      readonly type: 'cut-runner';
      readonly atMs: number;
      readonly pick: number;
      readonly direction: 'up' | 'down';
      readonly afterMessages: number;
    }
  /** Nothing gets through between it and the hub. `isCalledLost`: nor to the cluster, which takes it for gone. */
  | {
      readonly type: 'part-pod';
      readonly atMs: number;
      readonly pick: number;
      readonly forMs: number;
      readonly vanish: boolean;
      readonly isCalledLost: boolean;
    }
  /** It is gone at once, or has so long to end. */
  | {
      readonly type: 'end-pod';
      readonly atMs: number;
      readonly pick: number;
      readonly cause: 'evicted' | 'pod-deleted';
      readonly graceMs: number | null;
    }
  | {
      readonly type: 'kill-container';
      readonly atMs: number;
      readonly pick: number;
      readonly what: 'container' | 'command';
    }
  /** The cluster makes another pod of its Job, whether it is alive or not. */
  | { readonly type: 'replace-pod'; readonly atMs: number; readonly pick: number }
  /** An `open` of its runner comes again, out of its time. */
  | { readonly type: 'stale-runner'; readonly atMs: number; readonly pick: number; readonly back: number }
  /** Its ticket is brought to every other attempt that is known. */
  | { readonly type: 'misuse-ticket'; readonly atMs: number; readonly pick: number };
