import { execFile, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { momentCommand } from '../moment.ts';
import { type BullmqApi, toBullmqOptions } from '../peers/bullmq-api.ts';
import { serveParent } from './serve-parent.ts';

/** A worker of BullMQ that starts a process for each job, in the cheapest way that Node has. Arguments: entry of BullMQ, queue, port, jobs at once. */
const [entry = '', queue = '', port = '', atOnce = ''] = process.argv.slice(2);
const { Worker }: BullmqApi = await import(pathToFileURL(entry).href);
const run = promisify(execFile);

async function runMoment(): Promise<string> {
  const [program, ...args] = momentCommand;
  return (await run(program, args)).stdout;
}

function runNothing(): Promise<string> {
  return new Promise((resolve, reject) => {
    spawn('true', { stdio: 'ignore' })
      .on('error', reject)
      .on('exit', (code) => (code === 0 ? resolve('') : reject(new Error(`expected exit status 0, got ${code}`))));
  });
}

const worker = new Worker(queue, ({ name }) => (name === 'moment' ? runMoment() : runNothing()), {
  ...toBullmqOptions(Number(port)),
  concurrency: Number(atOnce),
});

serveParent(z.object({ type: z.literal('ready') }), async () => {
  await worker.waitUntilReady();
  return {};
});
