/**
 * One answer of the kubelet.
 *
 * - `not-yet`: the container has no log yet
 * - `gone`: nobody has it any more, for certain
 * - `unreachable`: the cluster answers, and the log cannot be had from the node
 */
export type LogAnswer =
  | { readonly type: 'log'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly type: 'not-yet' | 'gone' | 'unreachable' };

/** Asks for the log of one container. Rejects where the cluster cannot be asked. */
export type OpenLog = (options: {
  readonly sinceSecond: number | null;
  readonly follow: boolean;
  /** Of the answer, times included; null: all. */
  readonly limitBytes: number | null;
  readonly signal: AbortSignal;
}) => Promise<LogAnswer>;

/** What is known of the container beside its log. */
export interface LogSubject {
  /** `ended` is for certain and for ever; `gone` means that its pod is not there any more. */
  readonly state: () => 'waiting' | 'running' | 'ended' | 'gone';
  /** Of the container, by its node's clock; null while it runs, and where nobody says. */
  readonly endedAt: () => number | null;
  /** Resolves when the state may be another, or `signal` aborts. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
}
