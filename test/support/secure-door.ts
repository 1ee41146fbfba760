import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { ServerCertificate } from './certificates.ts';

/** What stands before a hub and lets in who shows a certificate, whatever is spoken behind it. */
export interface SecureDoor extends AsyncDisposable {
  readonly port: number;
  /** The serial numbers of the certificates that were shown, one for each connection. */
  readonly shown: readonly string[];
  /** Connections that are open. */
  readonly open: number;
}

export async function openSecureDoor(options: {
  readonly host: string;
  readonly certificate: ServerCertificate;
  /** Of the certificates that are let in. */
  readonly ca: string;
  /** Of the hub on this machine. */
  readonly hubPort: number;
}): Promise<SecureDoor> {
  const { host, certificate, ca, hubPort } = options;
  const shown: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const tls = { ...certificate, ca, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2', 'http/1.1'] };
  const server = createServer(tls, (socket: TLSSocket) => {
    shown.push(socket.getPeerCertificate().serialNumber);
    const hub = connect(hubPort, '127.0.0.1');
    keep(hub);
    socket.on('error', () => {});
    socket.pipe(hub);
    hub.pipe(socket);
    socket.on('close', () => hub.destroy());
    hub.on('close', () => socket.destroySoon());
  });
  server.on('connection', keep);
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    shown,
    get open() {
      return server.listening ? sockets.size / 2 : 0;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
