import type { HookName } from '../../agent/automations/hook.ts';

/** What of an automation runs. */
export type ProgramPart = HookName | 'command';

/** Something that a program writes, so long after the act before: to its log, anew to its outputs, or one more line of its progress. */
export interface ProgramAct {
  readonly afterMs: number;
  readonly text: string;
  readonly to: 'log' | 'outputs' | 'progress';
}

/** What a simulated program does: data, so that a schedule holds it. */
export interface ProgramScript {
  readonly acts: readonly ProgramAct[];
  /** After the last of them. */
  readonly endsAfterMs: number;
  readonly status: number;
  /** Null: it takes no notice of TERM. Else it ends so long after it. */
  readonly termMs: number | null;
}

/** Those of one job. Hooks count where its automation has them. */
export interface JobScript {
  readonly command: ProgramScript;
  readonly before: ProgramScript;
  readonly after: ProgramScript;
}
