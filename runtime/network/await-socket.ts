import type { Socket } from 'node:net';

/**
 * Resolves with the socket once it emits `event`. On an error, on its end, or when the signal aborts it rejects, and the socket is destroyed.
 * A listener for errors stays, so that one that comes before the next owner listens is not thrown at the process.
 */
export function awaitSocket<S extends Socket>(
  socket: S,
  { event, signal }: { readonly event: 'connect' | 'secureConnect'; readonly signal: AbortSignal },
): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  const settle = () => {
    signal.removeEventListener('abort', abort);
    socket.off(event, onReady).off('error', onError).off('close', onClose);
  };
  const fail = (error: unknown) => {
    settle();
    socket.destroy();
    reject(error);
  };
  const onReady = () => {
    settle();
    resolve(socket);
  };
  const onError = (error: Error) => fail(error);
  const onClose = () => fail(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
  const abort = () => fail(signal.reason);
  socket.on('error', () => {});
  socket.on(event, onReady).on('error', onError).on('close', onClose);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  return promise;
}
