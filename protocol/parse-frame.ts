import { z } from 'zod';
import { parse, parseJson } from './parse.ts';
import { AgentTextFrame, HubFrame } from './session-frame.ts';

/** A frame of a kind that only a later version knows. Whoever gets one goes on without: it can say nothing that must be heard. */
export interface UnknownFrame {
  readonly type: 'unknown';
  /** What the other side calls it. */
  readonly name: string;
}

const AnyFrame = z.looseObject({ type: z.string().min(1).max(64) });

/** Frames of both directions: one of the wrong direction is a mistake and no news of a later version. */
const knownTypes: ReadonlySet<string> = new Set([
  ...[...AgentTextFrame.options, ...HubFrame.options].map(({ shape }) => shape.type.value),
  'log',
]);

function parseFrame<Frame>(schema: z.ZodType<Frame>, text: string, what: string): Frame | UnknownFrame {
  const frame = parseJson(AnyFrame, text, what);
  return knownTypes.has(frame.type) ? parse(schema, frame, what) : { type: 'unknown', name: frame.type };
}

/** Throws `ProtocolError` (`not-json`, `invalid`). */
export function parseAgentFrame(text: string): AgentTextFrame | UnknownFrame {
  return parseFrame(AgentTextFrame, text, 'agent frame');
}

/** Throws `ProtocolError` (`not-json`, `invalid`). */
export function parseHubFrame(text: string): HubFrame | UnknownFrame {
  return parseFrame(HubFrame, text, 'hub frame');
}
