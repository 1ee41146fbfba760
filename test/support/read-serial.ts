import { once } from 'node:events';
import { connect } from 'node:tls';

/** The serial number of the certificate that is shown at this address. */
export async function readSerial(address: string, ca: Buffer): Promise<string | undefined> {
  const socket = connect({ port: Number(new URL(address).port), host: '127.0.0.1', ca });
  await once(socket, 'secureConnect');
  const serial = socket.getPeerX509Certificate()?.serialNumber;
  socket.destroy();
  return serial;
}
