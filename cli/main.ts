import type { Context } from './context.ts';
import { createOutput } from './output.ts';
import { runProgram } from './program.ts';

let outlivesReaders = false;

const context: Context = {
  environment: process.env,
  folder: findFolder(),
  stdout: createOutput(process.stdout, process.env),
  stderr: createOutput(process.stderr, process.env),
  exitWith(code) {
    process.exitCode = code;
  },
  exitWithin(timeMs) {
    setTimeout(() => process.exit(), timeMs).unref();
  },
  outliveReaders() {
    outlivesReaders = true;
  },
};

// A reader that has had enough (`| head`), or a terminal that was closed, is no mistake of anybody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO')
      leave(`the output cannot be written (${error.message})`, 'Make room where it goes to, or send it elsewhere');
    if (!outlivesReaders) process.exit();
  });
}

if (Object.keys(process.env).some((name) => name.startsWith('FARHAND_'))) {
  const { findUnknownVariables } = await import('./unknown-variables.ts');
  for (const line of findUnknownVariables(process.env)) {
    await context.stderr.line(`${context.stderr.paint('yellow', 'warning:')} ${line}`);
  }
}
await runProgram(process.argv.slice(2), context);

/** Before there is an output that is sure to work. */
function leave(message: string, next: string): never {
  if (process.exitCode === undefined) console.error(`farhand: ${message}\n  ${next}`);
  process.exit(2);
}

function findFolder(): string {
  try {
    return process.cwd();
  } catch {
    return leave('the folder that this shell is in is not there any more', 'Go to one that is: cd "$HOME"');
  }
}
