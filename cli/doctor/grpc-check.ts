import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import type { Credential } from '../../transports/credential.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { TransportError } from '../../transports/transport-error.ts';
import { openTransport } from '../open-transport.ts';
import { type Found, fault, ok, skipped, warning } from './check.ts';
import type { HubProbe } from './hub-probe.ts';

const answerMs = 4_000;

const remedy =
  'Have the proxy pass gRPC on; nginx: http2 on; location /farhand.v1.Agents/ { grpc_pass grpc://127.0.0.1:7400; grpc_read_timeout 1h; grpc_send_timeout 1h; }';

/** No credential: a hub answers it with a challenge, twice. */
const nobody: Credential = { present: () => Promise.resolve('doctor') };

/** Whether a call of gRPC reaches the hub at `url`. Sends no secret. */
export async function judgeGrpc(
  probe: HubProbe,
  { url, outlet }: { readonly url: URL; readonly outlet: Outlet },
  signal: AbortSignal,
): Promise<Found> {
  const connection = await (probe.url.protocol === 'https:' ? probe.tls() : probe.connection());
  if (connection.type !== 'done') return skipped('not tried: there is no connection');
  const limits = { ...defaultLimits, dialMs: answerMs, closeMs: 1_000 };
  const { control } = await openTransport({ url, outlet, clock: systemClock, limits, logger: silentLogger });
  try {
    await using _channel = await control.connect(nobody, { signal });
    return warning('a call without a credential was accepted: what answers is not a hub', remedy);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (error.code === 'unauthorized') return ok('a call reaches the hub');
    return fault(`no call reaches the hub: ${error.message}`, remedy);
  }
}

export function isGrpc(url: URL): boolean {
  return /^grpcs?:$/.test(url.protocol);
}
