import { hash } from 'node:crypto';
import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { compileJsonSchema } from '../../protocol/json-schema.ts';

type Compiled = ReturnType<typeof compileJsonSchema>;

const maxCompiled = 1000;

/**
 * Compiled parameter schemas, by what they say: compiling costs far more than validating. Not by the digest of the automation,
 * which is the agent's word: one account's agents have no say in how the parameters of another's are judged.
 */
export class ParameterSchemas {
  readonly #compiled = new Map<string, Compiled | null>();

  /** A schema that does not compile refuses nothing here: the agent that offers it has the last word. */
  of({ parameters }: AutomationSummary): Compiled | null {
    if (parameters === null) return null;
    const key = hash('sha256', JSON.stringify(parameters));
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileOrNull(parameters);
    if (this.#compiled.size >= maxCompiled) this.#compiled.clear();
    this.#compiled.set(key, compiled);
    return compiled;
  }

  fit(automation: AutomationSummary, parameters: JsonObject): boolean {
    return this.of(automation)?.validate(parameters).ok ?? true;
  }
}

function compileOrNull(schema: JsonObject): Compiled | null {
  try {
    return compileJsonSchema(schema);
  } catch {
    return null;
  }
}
