import { type Command, Option } from 'commander';
import { wholeNumberOption } from '../number-option.ts';

const maxDays = 36_500;
/** Browsers take no longer ones, and who renews once a year does not forget how. */
const leafDays = 397;

/** What all commands that make certificates take. */
export function addCertsOptions(command: Command, { days = leafDays }: { readonly days?: number } = {}): Command {
  return addValidityOptions(
    command.option('--folder <folder>', 'where the CA is, and what is made goes', 'certs'),
    days,
  );
}

/** The same without a place. */
export function addValidityOptions(command: Command, days: number = leafDays): Command {
  return command
    .addOption(
      new Option('--days <number>', 'how long it is good for; never longer than its CA')
        .default(days)
        .argParser(wholeNumberOption(1, maxDays)),
    )
    .option('--json', 'print one JSON document');
}
