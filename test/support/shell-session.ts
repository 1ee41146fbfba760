import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

export type Shell = 'bash' | 'zsh' | 'fish';

const starts: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['--norc', '--noprofile', '-i'],
  zsh: ['-f', '-i'],
  fish: ['--no-config', '-i'],
};

/** Why a shell cannot be driven here, or false when it can: `skip` of a test. */
export function lacksShell(shell: Shell): string | false {
  for (const program of [shell, 'script']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0) return `${program} is not installed`;
  }
  return false;
}

/** An interactive shell on a terminal of its own, at which keys are pressed. */
export interface ShellSession extends AsyncDisposable {
  /** Runs a line and resolves once it is done. */
  run(line: string): Promise<void>;
  /** Types a line, presses the keys after it, and resolves with what the line is then. */
  lineAfter(typed: string, keys: string): Promise<string>;
  /** Types, presses keys, waits until the terminal shows all of these, and throws the line away. */
  shows(typed: string, keys: string, ...words: readonly string[]): Promise<void>;
}

const lookMs = 20;
const patienceMs = 30_000;
const leaveMs = 5_000;
const enter = '\r';
const toBegin = '\u0001';
const bell = '\u0007';
const throwAway = '\u0015';

export async function startShell(
  shell: Shell,
  options: { readonly environment: Readonly<Record<string, string>>; readonly folder: string },
): Promise<ShellSession> {
  // `script` is the program of util-linux that gives another one a terminal.
  const child = spawn('script', ['-q', '-f', '-c', [shell, ...starts[shell]].join(' '), '/dev/null'], {
    cwd: options.folder,
    env: {
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      HOME: options.folder,
      // What was compiled for other starts is of use here too.
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
      ...options.environment,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8');
  });
  child.stdin.on('error', () => {});
  const closed = once(child, 'close');
  const type = (text: string) => void child.stdin.write(text);

  async function see(pattern: RegExp, from: number): Promise<RegExpExecArray> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const text = stripVTControlCharacters(shown.slice(from)).replaceAll('\r', '').replaceAll(bell, '');
      const found = pattern.exec(text);
      if (found !== null) return found;
      if (performance.now() > end) throw new Error(`expected ${pattern}, the terminal shows ${JSON.stringify(text)}`);
      await delay(lookMs);
    }
  }

  let count = 0;
  /** Typed in two pieces, so that it is on the screen in one piece only when the shell has printed it. */
  const mark = () => {
    count += 1;
    return { typed: `"<mark-""${count}>"`, printed: `<mark-${count}>` };
  };

  const session: ShellSession = {
    async run(line) {
      const from = shown.length;
      const { typed, printed } = mark();
      type(`${line}${enter}`);
      type(`echo ${typed}${enter}`);
      await see(new RegExp(printed), from);
    },
    async lineAfter(typed, keys) {
      const from = shown.length;
      const { typed: marked, printed } = mark();
      type(typed);
      await delay(lookMs);
      // The keys behind it wait in the terminal until the shell is done with completing.
      type(`${keys}${toBegin}echo ${marked}${enter}`);
      const [, line = ''] = await see(new RegExp(`${printed}([^\\n]*)\\n`), from);
      return line;
    },
    async shows(typed, keys, ...words) {
      const from = shown.length;
      type(typed);
      await delay(lookMs);
      type(keys);
      for (const word of words) await see(new RegExp(word.replaceAll('.', '\\.')), from);
      type(throwAway);
    },
    async [Symbol.asyncDispose]() {
      type(`${throwAway}exit${enter}`);
      await Promise.race([closed, delay(leaveMs, undefined, { ref: false })]);
      child.kill('SIGKILL');
      await closed;
    },
  };
  await session.run(shell === 'zsh' ? 'unsetopt beep; bindkey -e' : 'true');
  return session;
}
