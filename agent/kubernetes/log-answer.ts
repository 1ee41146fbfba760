/** Which log, and from where. */
export interface LogPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Goes on until the container ends; without it ends with what is there. */
  readonly follow: boolean;
  /** RFC 3339. The wire has whole seconds: what came in that second comes again. */
  readonly sinceTime: string | null;
  /** The answer ends behind so many bytes, times included; null: it has no bound. */
  readonly limitBytes: number | null;
  /** Each line begins with its time and a space. */
  readonly timestamps: boolean;
}

/** Bytes of a log as they come. It may be silent for hours: nothing but the signal, the server and a broken connection ends it. */
export interface LogStream extends AsyncIterable<Uint8Array>, AsyncDisposable {}

/**
 * - `not-yet`: the container has not begun, or its log is not there yet: ask again later
 * - `stream`: its end is not the end of the log, which may have been cut anywhere. Where the connection broke the iteration throws `KubernetesError`
 *   (`unreachable`)
 */
export type LogAnswer =
  | { readonly type: 'not-yet'; readonly message: string }
  | { readonly type: 'stream'; readonly stream: LogStream };
