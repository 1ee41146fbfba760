import type { Command } from 'commander';
import type { Context } from './context.ts';

/** A command as the list of all shows it, without loading it. */
export interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  /** For programs: help does not show it. */
  readonly hidden?: true;
  load(context: Context): Promise<Command>;
}
