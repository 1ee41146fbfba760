import { execFile, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { momentCommand } from '../moment.ts';
import { type BullmqApi, toBullmqOptions } from '../peers/bullmq-api.ts';
import { restCommand } from '../rest-command.ts';
import { serveParent } from './serve-parent.ts';

/**
 * Workers of BullMQ that start a process for each job, in the cheapest way that Node has. Arguments: entry of BullMQ, queue, port, jobs at
 * once, workers.
 */
const [entry = '', queue = '', port = '', atOnce = '', workers = ''] = process.argv.slice(2);
const { Worker }: BullmqApi = await import(pathToFileURL(entry).href);
const run = promisify(execFile);

async function runMoment(): Promise<string> {
  const [program, ...args] = momentCommand;
  return (await run(program, args)).stdout;
}

function runSilently([program, ...args]: readonly [string, ...string[]]): Promise<string> {
  return new Promise((resolve, reject) => {
    spawn(program, args, { stdio: 'ignore' })
      .on('error', reject)
      .on('exit', (code) => (code === 0 ? resolve('') : reject(new Error(`expected exit status 0, got ${code}`))));
  });
}

function runJob(name: string): Promise<string> {
  switch (name) {
    case 'moment':
      return runMoment();
    case 'resting':
      return runSilently(restCommand);
    default:
      return runSilently(['true']);
  }
}

const started = Array.from(
  { length: Number(workers) },
  () =>
    new Worker(queue, ({ name }) => runJob(name), { ...toBullmqOptions(Number(port)), concurrency: Number(atOnce) }),
);

serveParent(z.object({ type: z.literal('ready') }), async () => {
  await Promise.all(started.map((worker) => worker.waitUntilReady()));
  return {};
});
