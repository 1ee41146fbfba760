import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../../bench/free-port.ts';
import type { ServerCertificate } from './certificates.ts';

export type ProxyKind = 'squid' | 'tinyproxy';

export interface RealProxyOptions {
  readonly kind: ProxyKind;
  /** It is spoken to over TLS, with this. Of squid alone: tinyproxy speaks none. */
  readonly certificate?: ServerCertificate;
  /** Where it listens. */
  readonly host: string;
  readonly login: { readonly user: string; readonly password: string };
  /** A connection on which nothing comes for so long is cut. */
  readonly idleSeconds: number;
}

/** A proxy of the distribution. It lets anybody to anywhere who logs in. */
export interface RealProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  start(): Promise<void>;
  /** From its next start on it lets in who logs in so. */
  setLogin(login: RealProxyOptions['login']): void;
  /** Ends it at once, and all connections with it. */
  kill(): Promise<void>;
  /** SIGSTOP: it holds its connections and does nothing. */
  pause(): void;
  resume(): void;
  /** What it wrote down of the tunnels that it opened. */
  log(): string;
}

const programs: Readonly<Record<ProxyKind, string>> = { squid: '/usr/sbin/squid', tinyproxy: '/usr/bin/tinyproxy' };

/** Why tests with it are skipped; false where it is there. */
export function isMissing(kind: ProxyKind): string | false {
  return existsSync(programs[kind]) ? false : `there is no ${programs[kind]}`;
}

export async function createRealProxy(options: RealProxyOptions): Promise<RealProxy> {
  const { kind, host } = options;
  const folder = mkdtempSync(join(tmpdir(), `farhand-${kind}-`));
  // squid gives its root away.
  chmodSync(folder, 0o777);
  const port = await findFreePort();
  const config = join(folder, `${kind}.conf`);
  const setLogin = (login: RealProxyOptions['login']) => {
    const now = { ...options, login };
    writeFileSync(config, kind === 'squid' ? toSquid(now, folder, port) : toTinyproxy(now, folder, port));
  };
  setLogin(options.login);
  // Squid names its shared memory after this, and does not start where another left some of that name.
  const service = `farhand${port}`;
  let child: ChildProcess | null = null;

  async function kill(): Promise<void> {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'close');
  }

  return {
    host,
    port,
    async start() {
      const args = kind === 'squid' ? ['-N', '-n', service, '-f', config] : ['-d', '-c', config];
      child = spawn(programs[kind], args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr?.on('data', (chunk) => void (said += String(chunk)));
      while (!(await answers(host, port))) {
        if (child.exitCode !== null)
          throw new Error(`expected ${kind} to start, and it ended: ${said}${readTail(join(folder, 'cache.log'))}`);
        await delay(20);
      }
    },
    setLogin,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    log: () => readFileSync(join(folder, 'access.log'), 'utf8'),
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
      const shared = kind === 'squid' ? readdirSync('/dev/shm') : [];
      for (const name of shared) if (name.startsWith(`${service}-`)) rmSync(join('/dev/shm', name));
    },
  };
}

/** What squid has to say it says there. */
function readTail(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').slice(-2_000) : '';
}

function toSquid({ host, login, idleSeconds, certificate }: RealProxyOptions, folder: string, port: number): string {
  const hash = execFileSync('openssl', ['passwd', '-apr1', login.password], { encoding: 'utf8' }).trim();
  writeFileSync(join(folder, 'passwords'), `${login.user}:${hash}\n`);
  let listens = `http_port ${host}:${port}`;
  if (certificate !== undefined) {
    writeFileSync(join(folder, 'own.pem'), certificate.cert);
    writeFileSync(join(folder, 'own.key'), certificate.key);
    listens = `https_port ${host}:${port} tls-cert=${join(folder, 'own.pem')} tls-key=${join(folder, 'own.key')}`;
  }
  return `${listens}
visible_hostname farhand-test
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${join(folder, 'passwords')}
auth_param basic children 1 startup=1
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
access_log stdio:${join(folder, 'access.log')}
cache_log ${join(folder, 'cache.log')}
pid_filename none
netdb_filename none
pinger_enable off
coredump_dir ${folder}
shutdown_lifetime 0 seconds
read_timeout ${idleSeconds} seconds
`;
}

function toTinyproxy({ host, login, idleSeconds }: RealProxyOptions, folder: string, port: number): string {
  return `Port ${port}
Listen ${host}
Timeout ${idleSeconds}
MaxClients 200
LogFile "${join(folder, 'access.log')}"
LogLevel Connect
PidFile "${join(folder, 'pid')}"
BasicAuth ${login.user} ${login.password}
`;
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
