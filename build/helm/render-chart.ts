import type { Chart } from './chart.ts';
import { toClusterRules } from './cluster-rules.ts';
import { toConfigValues, toConfigVariables } from './config-values.ts';
import { closedObject } from './shared-values.ts';

/** What is generated of a chart: paths within its folder, and their texts. */
export function renderChart(chart: Chart, { common }: { readonly common: string }): ReadonlyMap<string, string> {
  const root = closedObject(`Values of ${chart.name}.`, { ...toConfigValues(chart), ...chart.values });
  const permissions = chart.permissions === null ? [] : [toJson(toClusterRules(chart.permissions))];
  return new Map([
    ['values.schema.json', toJson({ $schema: 'http://json-schema.org/draft-07/schema#', title: chart.name, ...root })],
    ['generated/variables.json', toJson(toConfigVariables(chart))],
    ...permissions.map((text) => ['generated/permissions.json', text] as const),
    ['templates/_common.tpl', common],
  ]);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
