import { isFinal } from '../../protocol/job-state.ts';
import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { toAgentState } from '../agent-words.ts';
import type { ApiClient } from '../api-client.ts';
import { fetchAgents, fetchAutomations, fetchItems, fetchJobs } from '../fetch-items.ts';
import { nothing, type Suggestion, type Suggestions } from './suggestion.ts';
import type { ValueSource } from './value-source.ts';

export interface ValueQuery {
  readonly source: ValueSource;
  /** What is typed of the value. */
  readonly typed: string;
  /** Of the command: a job that has ended cannot be cancelled. */
  readonly commandName: string;
  readonly positionals: readonly string[];
  /** Asked only where the hub knows the values. */
  readonly hub: () => ApiClient;
}

const maxJobs = 50;
const maxTokens = 50;
const maxInventory = 50;

/** What the value may be. Rejects when the hub would have to be asked and cannot be. */
export async function suggestValues(query: ValueQuery): Promise<Suggestions> {
  const { source, hub } = query;
  switch (source.type) {
    case 'choices':
      return values(source.choices.map((value) => ({ value, description: '' })));
    case 'files':
    case 'folders':
      return { type: source.type };
    case 'automations': {
      // No job runs a probe.
      const automations = (await fetchAutomations(hub())).filter(({ kind }) => kind !== 'probe');
      return values(automations.map(({ name, description }) => ({ value: name, description: description ?? '' })));
    }
    case 'agents': {
      const agents = await fetchAgents(hub());
      const fitting = query.commandName === 'resume' ? agents.filter(({ schedulable }) => !schedulable) : agents;
      return values(fitting.map((agent) => ({ value: agent.name, description: toAgentState(agent) })));
    }
    case 'jobs': {
      const jobs = await fetchJobs(hub(), {}, maxJobs);
      const fitting = query.commandName === 'cancel' ? jobs.filter(({ state }) => !isFinal(state)) : jobs;
      return values(
        fitting.map(({ id, state, automation }) => ({ value: id, description: `${automation}, ${state}` })),
      );
    }
    case 'nodes': {
      const nodes = await fetchItems(hub().listNodes, typedName(query.typed), maxInventory);
      return values(nodes.map(({ name, agent, state }) => ({ value: name, description: `${agent}, ${state}` })));
    }
    case 'apps': {
      const apps = await fetchItems(hub().listApps, typedName(query.typed), maxInventory);
      return values(
        apps.map(({ name, namespace, state }) => ({ value: name, description: `${namespace ?? '-'}, ${state}` })),
      );
    }
    case 'tokens': {
      const tokens = await fetchItems(hub().listTokens, {}, maxTokens);
      const joins = await fetchItems(hub().listJoinTokens, {}, maxTokens);
      return values([
        ...tokens.map(({ id, role, name }) => ({ value: id, description: `${role} ${name}`.trim() })),
        ...joins.map(({ id }) => ({ value: id, description: 'with --join' })),
      ]);
    }
    case 'agent-labels':
      return suggestLabels(
        (await fetchAgents(hub())).map(({ labels }) => labels),
        query.typed,
      );
    case 'job-labels':
      return suggestLabels(
        (await fetchJobs(hub(), {}, maxJobs)).map(({ labels }) => labels),
        query.typed,
      );
    case 'parameters':
      return suggestParameters(query);
    case 'unknown':
      return nothing;
  }
}

/** There may be thousands: the hub looks only for those that begin so. */
function typedName(typed: string): { readonly name?: string } {
  return typed === '' ? {} : { name: typed };
}

function values(list: readonly Suggestion[]): Suggestions {
  return { type: 'values', values: list };
}

/** `key=` first, and then its values. */
function suggestLabels(all: readonly Readonly<Record<string, string>>[], typed: string): Suggestions {
  const entries = all.flatMap((labels) => Object.entries(labels));
  const at = typed.indexOf('=');
  if (at < 0) {
    return { type: 'prefixes', values: entries.map(([key]) => ({ value: `${key}=`, description: '' })) };
  }
  const key = typed.slice(0, at);
  return values(
    entries.filter(([name]) => name === key).map(([, value]) => ({ value: `${key}=${value}`, description: '' })),
  );
}

/** Names of the automation's parameters; behind `name=` what its schema allows, where that is a list. */
async function suggestParameters({ hub, positionals, typed }: ValueQuery): Promise<Suggestions> {
  const forms = (await fetchAutomations(hub())).filter(({ name }) => name === positionals[0]);
  const properties = forms.flatMap(({ parameters }) => {
    const found = parameters?.['properties'];
    return isObject(found) ? Object.entries(found) : [];
  });
  const at = typed.indexOf('=');
  if (at < 0) {
    return {
      type: 'prefixes',
      values: properties.map(([name, schema]) => ({ value: `${name}=`, description: toDescription(schema) })),
    };
  }
  const name = typed.slice(0, at);
  const allowed = properties.filter(([key]) => key === name).flatMap(([, schema]) => toAllowed(schema));
  return values(allowed.map((value) => ({ value: `${name}=${value}`, description: '' })));
}

function toDescription(schema: JsonValue): string {
  if (!isObject(schema)) return '';
  const { description, type } = schema;
  if (typeof description === 'string') return description;
  return typeof type === 'string' ? type : '';
}

function toAllowed(schema: JsonValue): readonly string[] {
  if (!isObject(schema)) return [];
  if (schema['type'] === 'boolean') return ['true', 'false'];
  const { enum: list, default: otherwise } = schema;
  const found = Array.isArray(list) ? list : otherwise === undefined ? [] : [otherwise];
  return found.flatMap((value) => (typeof value === 'object' ? [] : [String(value)]));
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
