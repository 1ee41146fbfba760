/** Ctrl-C and SIGTERM while something is waited for. */
export interface Interruption extends Disposable {
  /** Aborts on the first of them. */
  readonly signal: AbortSignal;
  /** 128 and the signal's number, as shells have it; null while none came. */
  exitCode(): 130 | 143 | null;
}

/** From here until disposed these signals no longer end the process by themselves; a second one does. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let exitCode: 130 | 143 | null = null;
  const stop = (code: 130 | 143) => () => {
    exitCode = code;
    unlisten();
    controller.abort();
  };
  const onInterrupt = stop(130);
  const onTerminate = stop(143);
  const unlisten = () => {
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGTERM', onTerminate);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return { signal: controller.signal, exitCode: () => exitCode, [Symbol.dispose]: unlisten };
}
