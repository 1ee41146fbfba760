import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { type AgentPlace, createAgentPlace } from '../agent/agent-place.ts';
import type { FakeRequest } from '../support/fake-hub.ts';
import { findOutsideProgram } from '../support/outside-program.ts';

export const tofu = findOutsideProgram('tofu', {
  built: 'tofu-v1.9.1',
  remedy: '.ci/get-go-program builds it where there is a Go toolchain',
});

const module = `
variable "name" {
  type    = string
  default = "nobody"
}
variable "list" {
  type    = list(string)
  default = []
}
variable "password" {
  type      = string
  default   = "none"
  sensitive = true
}
variable "run" {
  type    = string
  default = "true"
}
resource "terraform_data" "name" {
  input = var.name
}
resource "terraform_data" "work" {
  triggers_replace = var.run
  provisioner "local-exec" {
    command = var.run
  }
}
output "name" {
  value = terraform_data.name.output
}
output "list" {
  value = var.list
}
output "password" {
  value     = var.password
  sensitive = true
}
`;

/** A file of kind tofu on the module above, with these lines beside. */
export function automation(...more: readonly string[]): string {
  return [
    'kind: tofu',
    `program: ${JSON.stringify(tofu.path)}`,
    'source: ./network',
    'inherit: [LEAK_CHECK, GATE]',
    ...more,
    '',
  ].join('\n');
}

/** Lines of a file whose jobs choose what they do. */
export const chosen = [
  'action: "${parameters.action}"',
  'actions: [plan, apply, destroy, unlock]',
  'lockId: "${parameters.lock}"',
];

/** An automation that all places have. */
export const net = automation(
  ...chosen,
  'stateFolder: ../state',
  'lockTimeoutSeconds: 0',
  'parameters: {type: object, properties: {action: {type: string}, lock: {type: string, default: none}}}',
);

/** A place whose agent offers `net`, on the module above, with its state beside the automations. */
export async function createTofuPlace(more: Readonly<Record<string, string>> = {}): Promise<AgentPlace> {
  const place = await createAgentPlace({ net, ...more });
  const folder = join(place.root, 'automations', 'network');
  await mkdir(folder);
  await writeFile(join(folder, 'main.tf'), module);
  return place;
}

/** Runs a job of `net`, or of another automation, to its end, and checks that its log is whole. */
export async function run(
  place: AgentPlace,
  parameters: JsonObject,
  given: Partial<FakeRequest> = {},
): Promise<AttemptResult> {
  const id = place.hub.offer({ automation: 'net', parameters, ...given });
  const result = await place.hub.result(id);
  assert.equal(result.log.sha256, place.hub.digest(id));
  return result;
}

/** The log of the job that was offered last. */
function lastLog(place: AgentPlace): string {
  return place.hub.log([...place.hub.attempts.keys()].at(-1) ?? '').toString();
}

export function assertSucceeded(
  place: AgentPlace,
  result: AttemptResult,
): asserts result is AttemptResult & { outputs: JsonObject } {
  assert.equal(result.outcome, 'succeeded', `${result.message}\n${lastLog(place)}`);
  assert.ok(result.outputs !== null);
}

/** The summary of a plan that changes so many resources. */
export function planned(counts: { readonly add: number; readonly change: number; readonly destroy: number }): object {
  return { changes: counts.add + counts.change + counts.destroy > 0, ...counts };
}

export function summaryOf({ outputs }: AttemptResult): object {
  const { changes, add, change, destroy } = outputs ?? {};
  return { changes, add, change, destroy };
}
