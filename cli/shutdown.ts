/** Who asked a daemon to leave. */
export type ShutdownReason = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'parent gone';

export interface Shutdown extends Disposable {
  /** Aborts when somebody asks the process to leave in order. */
  readonly asked: AbortSignal;
  /** Aborts when it is to leave at once: asked a second time, or the process that started it is gone. */
  readonly forced: AbortSignal;
  /** Null while nobody asked. */
  reason(): ShutdownReason | null;
}

/**
 * Listens for SIGTERM and SIGINT, and with `hangup` for SIGHUP, by which a terminal says that it is closed. A daemon that was started with an IPC channel, as `farhand dev` does, also leaves when that channel
 * ends, so that nothing lingers after its parent was killed.
 */
export function listenForShutdown({ hangup = false }: { readonly hangup?: boolean } = {}): Shutdown {
  const asked = new AbortController();
  const forced = new AbortController();
  let reason: ShutdownReason | null = null;
  const ask = (why: ShutdownReason) => {
    if (asked.signal.aborted) forced.abort();
    reason ??= why;
    asked.abort();
  };
  const onTerminate = () => ask('SIGTERM');
  const onInterrupt = () => ask('SIGINT');
  const onHangup = () => ask('SIGHUP');
  const onDisconnect = () => {
    ask('parent gone');
    forced.abort();
  };
  process.on('SIGTERM', onTerminate);
  process.on('SIGINT', onInterrupt);
  if (hangup) process.on('SIGHUP', onHangup);
  if (process.connected) process.on('disconnect', onDisconnect);
  return {
    asked: asked.signal,
    forced: forced.signal,
    reason: () => reason,
    [Symbol.dispose]() {
      process.removeListener('SIGTERM', onTerminate);
      process.removeListener('SIGINT', onInterrupt);
      process.removeListener('SIGHUP', onHangup);
      process.removeListener('disconnect', onDisconnect);
      if (process.connected) process.disconnect();
    },
  };
}

/** Calls back on every SIGHUP, by which daemons are told to read their files again. */
export function listenForHangup(callback: () => void): Disposable {
  process.on('SIGHUP', callback);
  return { [Symbol.dispose]: () => void process.removeListener('SIGHUP', callback) };
}
