import type { Socket } from 'node:net';
import type { Logger } from '../../runtime/logger.ts';
import type { Listener } from '../../transports/listener.ts';

export interface LateListenerOptions<Principal> {
  /** Called once, for the first connection. Its failure costs that connection; the next one tries again. */
  readonly open: () => Promise<Listener<Principal> & { take(socket: Socket): void }>;
  /** Takes what the listener yields; ends with it. */
  readonly serve: (listener: Listener<Principal>) => Promise<void>;
  readonly logger: Logger;
}

/** A listener that is made when somebody dials it: a hub whose agents use another wire does not carry its code. */
export interface LateListener extends AsyncDisposable {
  take(socket: Socket): void;
}

export function createLateListener<Principal>(options: LateListenerOptions<Principal>): LateListener {
  type Opened = Awaited<ReturnType<typeof options.open>>;
  const { logger } = options;
  let opening: Promise<Opened> | null = null;
  let serving: Promise<void> | null = null;
  let isDisposed = false;

  async function open(): Promise<Opened> {
    try {
      const listener = await options.open();
      serving = options.serve(listener);
      return listener;
    } catch (error) {
      opening = null;
      throw error;
    }
  }

  async function take(socket: Socket): Promise<void> {
    const complain = (error: Error) => logger.debug({ err: error }, 'connection failed');
    socket.on('error', complain);
    try {
      if (isDisposed) {
        socket.destroy();
        return;
      }
      opening ??= open();
      const listener = await opening;
      if (isDisposed) socket.destroy();
      else listener.take(socket);
    } catch (error) {
      logger.error({ err: error }, 'the listener for HTTP/2 could not be opened');
      socket.destroy();
    } finally {
      socket.off('error', complain);
    }
  }

  return {
    take: (socket) => void take(socket),
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      const listener = await opening?.catch(() => null);
      await listener?.[Symbol.asyncDispose]();
      await serving;
    },
  };
}
