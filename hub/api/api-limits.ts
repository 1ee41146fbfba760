/** Bounds of the API. */
export interface ApiLimits {
  /** Of a request's body. */
  readonly bodyBytes: number;
  /** Of JSON, one array or object in another. */
  readonly jsonDepth: number;
  readonly secrets: number;
  readonly labels: number;
  /** Jobs of one account that wait for an agent at a time. */
  readonly queuedJobs: number;
  /** The same of all accounts together. */
  readonly queuedJobsInAll: number;
  /** Submissions that are under way, or changes that wait for the store, at a time. */
  readonly submissionsAtOnce: number;
  /** In the long run, of one token or user; twice as many may come at once. */
  readonly requestsPerSecond: number;
  /** The same of one address, for what needs no token; twenty times as many may come at once. */
  readonly publicRequestsPerSecond: number;
  /** Of one token or user at a time; of all of an account together four times as many. */
  readonly connections: number;
  /** Tokens of one address that do not count before it is slowed down. */
  readonly failedSignIns: number;
  /** Readers that follow a log or events at a time; half as many of one account. */
  readonly followers: number;
  /** A reader that takes nothing for so long is hung up. */
  readonly stallMs: number;
  /** A stream of events says so often that it is alive. */
  readonly heartbeatMs: number;
  /** How long the headers and the body of a request may take to come. */
  readonly requestMs: number;
}

export const defaultApiLimits: ApiLimits = {
  bodyBytes: 2 * 1024 * 1024,
  jsonDepth: 64,
  secrets: 100,
  labels: 64,
  queuedJobs: 100_000,
  queuedJobsInAll: 500_000,
  submissionsAtOnce: 1_000,
  requestsPerSecond: 2000,
  publicRequestsPerSecond: 500,
  connections: 1_000,
  failedSignIns: 30,
  followers: 4000,
  stallMs: 120_000,
  heartbeatMs: 15_000,
  requestMs: 60_000,
};
