import type { HubHello } from '../protocol/hello.ts';

/**
 * Where the one control channel stands. `way`: the place of its way in the list.
 *
 * - `idle`: before the first dial, and after the end
 * - `dialling`: a dial is out, or the channel waits for the hub's hello
 * - `up`: both sides said hello, and the hub's store is the one that was there before
 * - `distrusted`: both said hello, and the store is another one: nothing new is taken, no session is opened, nothing is stopped
 * - `waiting`: the channel ended or could not be had; the next dial follows
 */
export type LinkState =
  | { readonly type: 'idle' }
  | { readonly type: 'dialling' }
  | { readonly type: 'up'; readonly hub: HubHello; readonly way: number }
  | { readonly type: 'distrusted'; readonly hub: HubHello; readonly way: number; readonly message: string }
  | { readonly type: 'waiting'; readonly why: string };
