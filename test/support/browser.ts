import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

/** Where a Chromium is, if there is one. */
export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** One page of a headless browser. */
export interface BrowserPage extends AsyncDisposable {
  /** Addresses of everything that the page asked for. */
  readonly asked: readonly string[];
  /** What the page complained of: errors, and what its policy blocked. */
  readonly complaints: readonly string[];
  open(url: string): Promise<void>;
  /** The value of an expression in the page; a promise is awaited. */
  evaluate(expression: string): Promise<unknown>;
  /** Resolves once the expression is true. */
  until(expression: string): Promise<void>;
  screenshot(): Promise<Buffer>;
}

/** 20 ms apart: something that never comes true fails before the test's own time is over. */
const maxLooks = 1_000;

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Starts Chromium and speaks the DevTools protocol with it. */
export async function openBrowser(
  path: string,
  { width = 1280, height = 900, dark = false }: { width?: number; height?: number; dark?: boolean } = {},
): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), 'farhand-browser-'));
  const child = spawn(
    path,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void exited.then(() => reject(new Error('expected the browser to start, but it ended')));
  });
  const targets = await fetch(`http://${new URL(address).host}/json`).then((answer) => answer.json());
  const target = (targets as { type: string; webSocketDebuggerUrl: string }[]).find(({ type }) => type === 'page');
  if (target === undefined) throw new Error('expected the browser to have a page');
  const socket = new WebSocket(target.webSocketDebuggerUrl, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));

  const pending = new Map<number, (reply: Reply) => void>();
  const asked: string[] = [];
  const complaints: string[] = [];
  let loaded = () => {};
  socket.on('message', (data) => {
    const reply = JSON.parse((data as Buffer).toString('utf8')) as Reply;
    if (reply.id !== undefined) pending.get(reply.id)?.(reply);
    const params = reply.params as { request?: { url: string }; entry?: { text: string }; exceptionDetails?: unknown };
    if (reply.method === 'Network.requestWillBeSent') asked.push(params.request?.url ?? '');
    if (reply.method === 'Log.entryAdded') complaints.push(params.entry?.text ?? '');
    if (reply.method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params.exceptionDetails));
    if (reply.method === 'Page.loadEventFired') loaded();
  });
  let count = 0;
  const call = async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = ++count;
    const reply = await new Promise<Reply>((resolve) => {
      pending.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
    pending.delete(id);
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result ?? {};
  };
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await call(`${domain}.enable`);
  await call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
  await call('Emulation.setEmulatedMedia', { features });

  const evaluate = async (expression: string): Promise<unknown> => {
    const answer = await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (answer['exceptionDetails'] !== undefined) throw new Error(JSON.stringify(answer['exceptionDetails']));
    return (answer['result'] as { value?: unknown }).value;
  };
  return {
    asked,
    complaints,
    evaluate,
    async open(url) {
      const load = new Promise<void>((resolve) => {
        loaded = resolve;
      });
      await call('Page.navigate', { url });
      await load;
    },
    async until(expression) {
      await evaluate(
        `new Promise((resolve, reject) => { const look = (left) => (${expression}) ? resolve() : left > 0 ? setTimeout(look, 20, left - 1) : reject('never true'); look(${maxLooks}); })`,
      );
    },
    async screenshot() {
      const { data } = await call('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(String(data), 'base64');
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.close();
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await Promise.all([closed, exited]);
      await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
