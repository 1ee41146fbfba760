import type { OutletError } from '../runtime/network/outlet-error.ts';
import { TransportError } from './transport-error.ts';

/** What a dial fails with when the way out did. `url` is what was dialled. */
export function fromOutletError(error: OutletError, url: string): TransportError {
  switch (error.code) {
    case 'aborted':
      return new TransportError('aborted', `the dial to ${url} was given up`, { cause: error });
    case 'unreachable':
      return new TransportError(
        'unreachable',
        `${error.message}; check FARHAND_HUB_URL (${url}), DNS, firewalls and that the hub runs`,
        { cause: error },
      );
    case 'ended':
    case 'proxy-unreachable':
    case 'proxy-no-way':
      return new TransportError('unreachable', `${error.message} (FARHAND_HUB_URL is ${url})`, { cause: error });
    default:
      return new TransportError('refused', `${error.message} (FARHAND_HUB_URL is ${url})`, { cause: error });
  }
}
