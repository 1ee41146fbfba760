import type { Permission } from '../../agent/kubernetes/permissions.ts';
import type { ConfigSchema, JsonSchema } from '../../runtime/configuration/config-key.ts';

/** What a chart in `helm/` is generated from. The rest of it is written by hand. */
export interface Chart {
  readonly name: string;
  /** What the process in its pod can be told. Keys that are not sensitive are `config.<key>` of the values, the others `secrets.<key>`. */
  readonly schema: ConfigSchema;
  /** Keys that the chart sets itself, each with the value that says so, or why there is none. */
  readonly owned: Readonly<Record<string, string>>;
  /** The calls to the API of the cluster that the process makes; null where it makes none. */
  readonly permissions: readonly Permission[] | null;
  /** All other values, by name. */
  readonly values: Readonly<Record<string, JsonSchema>>;
}
