import { maxFactsBytes } from '../../protocol/facts.ts';
import { JsonObject } from '../../protocol/json.ts';
import type { JsonSchemaValidator } from '../../protocol/json-schema.ts';
import { parseJson } from '../../protocol/parse.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';

export type ReadFacts =
  | { readonly ok: true; readonly facts: JsonObject }
  /** A sentence for a person. */
  | { readonly ok: false; readonly message: string };

function refuse(message: string): ReadFacts {
  return { ok: false, message };
}

function describeStart(output: Buffer): string {
  const text = output.toString('utf8').trimStart();
  return text === '' ? 'nothing' : JSON.stringify(text.slice(0, 60));
}

/** Makes facts of what a probe printed: one JSON object that fits `outputs`, with the defaults of that schema. Never throws. */
export function readFacts(output: Buffer, outputs: JsonSchemaValidator | null): ReadFacts {
  let facts: JsonObject;
  try {
    facts = parseJson(JsonObject, output, 'object of facts');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.code === 'invalid') return refuse(error.message);
    return refuse(`expected one JSON object in UTF-8 on standard output, got ${describeStart(output)}`);
  }
  const verdict = outputs?.validate(facts);
  if (verdict !== undefined) {
    if (!verdict.ok) {
      const list = verdict.errors.map(({ pointer, message }) => `${pointer === '' ? 'the whole' : pointer} ${message}`);
      return refuse(`the facts do not fit "outputs": ${list.join('; ')}`);
    }
    facts = verdict.value as JsonObject;
  }
  // Numbers may be longer in our words, and defaults add to it.
  const bytes = Buffer.byteLength(JSON.stringify(facts));
  if (bytes > maxFactsBytes) return refuse(`expected at most ${maxFactsBytes} bytes of facts, got ${bytes}`);
  return { ok: true, facts };
}
