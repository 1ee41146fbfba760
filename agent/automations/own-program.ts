import type { NeededProgram } from './prepared-command.ts';

/** A program that the automation's file names itself; that of a kind says what to install. */
export function toOwnProgram(program: string): NeededProgram {
  return { program, remedy: "install it on the agent's machine, or correct its name in the automation's file" };
}
