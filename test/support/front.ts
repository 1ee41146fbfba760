import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findFreePort } from '../../bench/free-port.ts';
import type { ServerCertificate } from './certificates.ts';
import { findOutsideProgram, type OutsideProgram } from './outside-program.ts';
import { until } from './until.ts';

export type FrontKind = 'nginx' | 'haproxy';

const remedy = (name: string) => `.ci/get-packages installs Debian's ${name}`;

export const frontPrograms: Readonly<Record<FrontKind, OutsideProgram>> = {
  nginx: findOutsideProgram('nginx', { built: null, remedy: remedy('nginx'), proof: '-v' }),
  haproxy: findOutsideProgram('haproxy', { built: null, remedy: remedy('haproxy'), proof: '-v' }),
};

/** A real front before a hub, with the configuration that the guide shows. */
export interface Front extends AsyncDisposable {
  readonly port: number;
  start(): Promise<void>;
  /** Has it read its configuration again while it serves. */
  reload(): void;
  /** KILL to all its processes. */
  kill(): Promise<void>;
  /** What it said and logged so far. */
  log(): string;
}

export interface FrontOptions {
  readonly folder: string;
  readonly hubPort: number;
  readonly certificate: ServerCertificate;
  /** Texts of the configuration that are others here. Each must be in it. */
  readonly instead?: Readonly<Record<string, string>>;
}

const guide = join(import.meta.dirname, '../../docs/guides/behind-a-proxy.md');

/** The blocks of a language in the guide, in their order. */
function readBlocks(language: FrontKind): readonly string[] {
  const text = readFileSync(guide, 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, block = '']) =>
    name === language ? block : [],
  );
}

/** What the guide says, with addresses and files of the test. */
function toConfiguration(kind: FrontKind, port: number, { folder, hubPort, instead = {} }: FrontOptions): string {
  const blocks = readBlocks(kind);
  const [main = '', below = ''] = blocks;
  // What goes into the server stands behind all that is in it.
  const text = kind === 'nginx' ? main.replace(/\n {2}\}\n\}\n$/, `\n${below}  }\n}\n`) : main;
  const places: Readonly<Record<FrontKind, Readonly<Record<string, string>>>> = {
    nginx: {
      'listen 443 ssl http2': `listen 127.0.0.1:${port} ssl http2`,
      '/etc/ssl/': `${folder}/`,
      '/var/log/nginx/': `${folder}/`,
      '/run/nginx.pid': `${folder}/nginx.pid`,
      'worker_processes auto;': 'worker_processes 1;',
    },
    // The limits of a machine that runs tests may be lower.
    haproxy: { 'bind :443': `bind 127.0.0.1:${port}`, '/etc/ssl/': `${folder}/`, 'maxconn 20000': 'maxconn 200' },
  };
  const all = { ...places[kind], '127.0.0.1:7400': `127.0.0.1:${hubPort}`, ...instead };
  return Object.entries(all).reduce((configuration, [from, to]) => {
    if (!configuration.includes(from)) throw new Error(`expected ${from} in the configuration of ${kind} in ${guide}`);
    return configuration.replaceAll(from, to);
  }, text);
}

/** Nothing is started yet. `folder` is the front's own; disposing kills it. */
export async function createFront(kind: FrontKind, options: FrontOptions): Promise<Front> {
  const { folder, certificate } = options;
  const port = await findFreePort();
  const file = join(folder, kind === 'nginx' ? 'nginx.conf' : 'haproxy.cfg');
  await mkdir(folder, { recursive: true });
  await writeFile(file, toConfiguration(kind, port, options));
  const { key, cert } = certificate;
  await writeFile(join(folder, 'hub.pem'), kind === 'nginx' ? cert : `${cert}${key}`);
  await writeFile(join(folder, 'hub.key'), key);
  const args = { nginx: ['-p', folder, '-c', file, '-g', 'daemon off;'], haproxy: ['-W', '-db', '-f', file] }[kind];
  let child: ChildProcess | null = null;
  let said = '';

  const takesConnections = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });

  async function kill(): Promise<void> {
    const main = child;
    if (main?.pid === undefined || main.exitCode !== null || main.signalCode !== null) return;
    const workers = childrenOf(main.pid);
    main.kill('SIGKILL');
    for (const worker of workers) process.kill(worker, 'SIGKILL');
    await once(main, 'close');
  }

  return {
    port,
    async start() {
      const started = spawn(frontPrograms[kind].path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
      await until(`${kind} to listen`, () => {
        if (started.exitCode !== null) throw new Error(`expected ${kind} to start, it said:\n${said}`);
        return takesConnections();
      });
    },
    reload: () => void child?.kill(kind === 'nginx' ? 'SIGHUP' : 'SIGUSR2'),
    kill,
    log: () => said,
    [Symbol.asyncDispose]: kill,
  };
}

function childrenOf(pid: number): readonly number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .map(Number)
    .filter((child) => child > 0);
}
