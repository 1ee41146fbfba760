#!/usr/bin/env node
// Kept in syntax and imports that Node 12 can read, so that an old Node gets as far as finding a newer one.
import { spawn, spawnSync } from 'child_process';
import { existsSync, lstatSync, mkdirSync } from 'fs';
import module from 'module';
import { Socket } from 'net';
import { constants, homedir } from 'os';
import { basename, dirname, join } from 'path';
import { PerformanceObserver } from 'perf_hooks';
import { fileURLToPath, pathToFileURL } from 'url';
import v8 from 'v8';
import { runInNewContext } from 'vm';

const neededMajor = 24;
const self = fileURLToPath(import.meta.url);
const packageFolder = dirname(dirname(self));

/** Present in a program that an older Node started: descriptor 3 is then a pipe that ends when that Node does. */
const wrappedVariable = 'FARHAND_WRAPPED';
const wrapperPipe = 3;
const cacheFlushDelayMs = 3000;
const startLeftDelayMs = 5000;
/** Both halves of the space for new objects together. */
const youngGenerationBytes = 8 * 1024 * 1024;
/** What may come on top of a small heap before all of it is collected. */
const collectAfterBytes = 32 * 1024 * 1024;
const leastGrowthPercent = 50;

if (toMajor(process.version) >= neededMajor) runHere();
else runOnNewerNode();

/** Loads the program into this process. */
function runHere() {
  if (process.env[wrappedVariable] !== undefined) endWithWrapper();
  letYoungGenerationGrow(false);
  setTimeout(settle, startLeftDelayMs).unref();
  enableCompileCache();
  const sources = join(packageFolder, 'cli', 'main.ts');
  const bundle = join(packageFolder, 'dist', 'farhand.js');
  // Sources first: a bundle in a checkout may be older than they are. A published package holds only the bundle.
  import(pathToFileURL(existsSync(sources) ? sources : bundle).href).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}

/** What is of no use to a command, which has ended by then. */
function settle() {
  dropWhatStartLeft();
  const look = () => {
    boundYoungGeneration();
    collectSmallHeapsSeldom();
  };
  look();
  new PerformanceObserver(look).observe({ entryTypes: ['gc'] });
}

/**
 * A daemon that has nothing to do allocates next to nothing, so that nothing would ever make V8 give back the twentieth of its memory that
 * only its start needed. One collection does, once.
 */
function dropWhatStartLeft() {
  v8.setFlagsFromString('--expose-gc');
  runInNewContext('gc')({ type: 'major', flavor: 'last-resort' });
}

/**
 * The space for new objects begins with 1 MB for each half. So small, a sixth of a busy daemon's time goes into collecting; V8 lets it grow
 * to 32 MB and more, which a daemon keeps until it is idle. It may grow to 4 MB here, and only when work makes it. A bound can only be
 * given at the start of a process, but whether it may grow is asked at each collection.
 */
function boundYoungGeneration() {
  const { space_size: bytes } = v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  letYoungGenerationGrow(bytes < youngGenerationBytes);
}

/**
 * V8 collects all of a heap of 20 MB when 9 MB came on top, and what was read from a socket or a file counts: then every 4 MB of a log cost
 * a whole collection, and half of the time of both daemons. A large heap, of a hub with thousands of agents, is V8's own affair.
 */
function collectSmallHeapsSeldom() {
  const percent = Math.round((100 * collectAfterBytes) / v8.getHeapStatistics().used_heap_size);
  v8.setFlagsFromString(`--heap-growing-percent=${percent < leastGrowthPercent ? 0 : percent}`);
}

function letYoungGenerationGrow(mayGrow) {
  v8.setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
}

/** Killing the wrapper with SIGKILL, which it cannot pass on, ends the program in the same way. */
function endWithWrapper() {
  delete process.env[wrappedVariable];
  const pipe = new Socket({ fd: wrapperPipe });
  pipe.on('error', () => {});
  pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));
  pipe.resume();
  pipe.unref();
}

/**
 * Keeps compiled code between starts, which saves most of the start-up time and a third of the memory of a program that
 * runs from sources. The cache is executable code: it lies in a folder that only this user can write, or there is none.
 */
function enableCompileCache() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'farhand');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    const isOurs = process.getuid === undefined || found.uid === process.getuid();
    if (!found.isDirectory() || !isOurs || (found.mode & 0o022) !== 0) return;
  } catch {
    return; // No place for a cache makes the start slower, nothing else.
  }
  module.enableCompileCache(join(folder, 'compile-cache'));
  // Node itself writes the cache only at a normal end, which a daemon may never see.
  setTimeout(() => module.flushCompileCache(), cacheFlushDelayMs).unref();
}

/** Looks for a newer Node and runs the program on it, or says what to do and exits with 2. */
function runOnNewerNode() {
  const candidates = process.env.FARHAND_NODE ? [process.env.FARHAND_NODE] : findInstalledNodes();
  const looked = candidates.map((path) => ({ path, version: readVersion(path) }));
  const usable = looked.find(({ version }) => toMajor(version) >= neededMajor);
  if (usable !== undefined) {
    runAsChild(usable.path);
    return;
  }
  const findings = looked.map(({ path, version }) => `  ${path}: ${version || 'not there, or it does not run'}`);
  console.error(
    [
      `farhand: expected Node ${neededMajor} or newer, but this is Node ${process.version} (${process.execPath}), and`,
      process.env.FARHAND_NODE ? 'FARHAND_NODE names no better one:' : 'the package has no better one beside it:',
      ...findings,
      `Install Node ${neededMajor}, or set FARHAND_NODE to the path of one. In a checkout, run \`npm ci\` (and, where npm was`,
      'told to ignore install scripts, `npm rebuild node`).',
    ].join('\n'),
  );
  process.exitCode = 2;
}

/** Where npm puts the `node` package: below this package, or beside it when it is itself installed in a `node_modules`. */
function findInstalledNodes() {
  const folders = [join(packageFolder, 'node_modules')];
  for (let folder = packageFolder; folder !== dirname(folder); folder = dirname(folder)) {
    if (basename(folder) === 'node_modules') folders.push(folder);
  }
  const paths = [];
  for (const folder of folders) paths.push(join(folder, '.bin', 'node'), join(folder, 'node', 'bin', 'node'));
  return paths;
}

function readVersion(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10000 });
  return status === 0 && /^v\d+\./.test(stdout) ? stdout.trim() : '';
}

function toMajor(version) {
  return Number(/^v?(\d*)/.exec(version)[1]);
}

/**
 * Runs the program as a child that to the outside looks like this process: same input and output, every signal passed
 * on once, same exit code or same death by signal.
 *
 * The child leads a session of its own. Otherwise Ctrl-C, or whoever signals the whole process group, would reach it
 * twice: directly and through here. For an agent the second signal means "stop at once".
 */
function runAsChild(node) {
  const child = spawn(node, process.execArgv.concat(self, process.argv.slice(2)), {
    detached: true,
    env: Object.assign({}, process.env, { [wrappedVariable]: '1' }),
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  const passedOn = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'];
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  process.on('SIGTSTP', () => {
    child.kill('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  });

  child.stdio[wrapperPipe].on('error', () => {});
  child.on('error', (error) => {
    console.error(`farhand: could not run ${node}: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Still here when the signal was being ignored (under nohup, say): then the code by which a shell tells of it.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}
