/** A hub cannot send an agent away for longer than this, whatever it was asked for: a channel, a session, or to join. */
export const maxHintMs = 5 * 60_000;
