import { ProtocolError } from '../protocol/protocol-error.ts';
import { TransportError } from './transport-error.ts';

/** Makes a `TransportError` of what coding a message threw. */
export function fromProtocolError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  if (!(error instanceof ProtocolError))
    return new TransportError('invalid-message', 'the message could not be coded', { cause: error });
  return new TransportError(error.code === 'too-large' ? 'too-large' : 'invalid-message', error.message, {
    cause: error,
  });
}
