import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { compileJsonSchema } from '../../protocol/json-schema.ts';

type Compiled = ReturnType<typeof compileJsonSchema>;

const maxCompiled = 1000;

/** Compiled parameter schemas by the digest of their automation: compiling costs far more than validating. */
export class ParameterSchemas {
  readonly #compiled = new Map<string, Compiled | null>();

  /** A schema that does not compile refuses nothing here: the agent that offers it has the last word. */
  of(automation: AutomationSummary): Compiled | null {
    if (automation.parameters === null) return null;
    const known = this.#compiled.get(automation.digest);
    if (known !== undefined) return known;
    const compiled = compileOrNull(automation.parameters);
    if (this.#compiled.size >= maxCompiled) this.#compiled.clear();
    this.#compiled.set(automation.digest, compiled);
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
