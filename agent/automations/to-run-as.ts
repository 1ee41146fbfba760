import type { Preparation } from './preparation.ts';
import type { PreparedCommand } from './prepared-command.ts';

/** The part of a command that says who runs it. */
export function toRunAs({ user, folder }: Pick<Preparation, 'user' | 'folder'>): Pick<PreparedCommand, 'runAs'> {
  return user === null ? {} : { runAs: { user, folder } };
}
