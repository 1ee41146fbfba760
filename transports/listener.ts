import type { ControlChannel } from './control-transport.ts';
import type { HubSessionChannel } from './session-transport.ts';

/** A channel that was authenticated and accepted. */
export type Accepted<Principal> =
  | {
      readonly type: 'control';
      readonly principal: Principal;
      readonly remote: string;
      readonly channel: ControlChannel;
    }
  | {
      readonly type: 'session';
      readonly principal: Principal;
      readonly remote: string;
      readonly attempt: string;
      readonly channel: HubSessionChannel;
    };

/**
 * The hub's mirror of the transports: yields channels after authentication, in the order they came. Ends when disposed.
 * Disposing stops accepting; channels that were yielded belong to whoever took them, those not yet taken are closed.
 */
export interface Listener<Principal> extends AsyncIterable<Accepted<Principal>>, AsyncDisposable {
  readonly name: string;
}
