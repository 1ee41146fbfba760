import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Progress } from '../../protocol/progress.ts';
import type { JobFrame, OpenFrame } from '../../protocol/session-frame.ts';
import type { Bell } from './bell.ts';
import type { MaskedStream } from './masked-stream.ts';

/** What a session says of its attempt when it is opened. */
export type OpenFacts = Pick<
  OpenFrame,
  'folderId' | 'have' | 'rawBytes' | 'needsDocument' | 'needsSecrets' | 'handsOver' | 'ticketSeconds'
>;

/** What a session needs of its attempt. Everything goes through the attempt's actor. */
export interface SessionSubject {
  readonly attempt: string;
  /** What is durable in the folder now. Waits for the claim; null when there is nothing to open a session for. */
  describe(): Promise<OpenFacts | null>;
  /** Acts on the hub's answer. Resolves when that is done, or can be done no more. */
  receive(frame: JobFrame): Promise<void>;
  /** The hub has no such attempt: a store that was restored. The folder stays, and the hub may learn of it yet. */
  forgotten(): void;
  /** The stream, as soon as its secrets are known; null before that, and where none will be sent. */
  readonly stream: MaskedStream | null;
  /** How far it says it is; another object each time there is news. */
  readonly progress: Progress | null;
  /** What may be sent once all of the stream was; null before the seal. */
  readonly result: AttemptResult | null;
  /** The hub has all of the stream that there is by now, and there is no result to be sent. */
  caughtUp(): void;
  /** Rings when there may be more of the stream, progress, or the result. The session's pump waits on it. */
  readonly news: Bell;
}
