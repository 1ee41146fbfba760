import type { Context } from './context.ts';

/**
 * Says on standard output that a process does its work: one line, `farhand hub ready http://127.0.0.1:7400`. An address that stands for
 * every address of the machine is given as the one that works from here.
 */
export function printReadyLine({ stdout }: Context, what: 'hub' | 'agent' | 'dev', address: string): Promise<void> {
  return stdout.line(`farhand ${what} ready ${toLocalAddress(address)}`);
}

function toLocalAddress(address: string): string {
  return address.replace(/\/\/(0\.0\.0\.0|\[::\])(?=[:/]|$)/, '//127.0.0.1');
}
