/** How long something that may still come is waited for. */
export interface PendingLimits {
  /** A node with room, and the pod itself. */
  readonly pendingMs: number;
  /** An image that could not be pulled: registries recover. */
  readonly imageMs: number;
  /** What the container is configured by: it may be made a moment later. */
  readonly configMs: number;
  /** A runner that cannot stay alive: what killed it may pass. */
  readonly runnerMs: number;
  /** The rest of the pod, when the command has ended by itself. */
  readonly settleMs: number;
  /** A pod that was deleted, beyond its grace. */
  readonly overdueMs: number;
}
