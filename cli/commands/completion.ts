import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { packageFolder } from '../../runtime/package-folder.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

const scripts = join(packageFolder, 'cli/completion/scripts');

const details = `
The script asks farhand itself what may come next: commands, options, and what the hub knows (automations and their parameters,
agents, jobs, labels), of the hub that commands in that shell and folder talk to. A hub that does not answer at once is done
without.`;

export function createCompletionCommand(context: Context): Command {
  const command = new Command('completion')
    .description('print the completions for a shell')
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .addHelpText('after', details)
    .action(async (shell: Shell) => {
      await context.stdout.write(await readFile(join(scripts, `farhand.${shell}`)));
    });
  return addExamples(
    command,
    ['eval "$(farhand completion bash)"', 'in ~/.bashrc'],
    ['eval "$(farhand completion zsh)"', 'in ~/.zshrc, behind compinit'],
    ['farhand completion fish | source', 'in ~/.config/fish/config.fish'],
  );
}
