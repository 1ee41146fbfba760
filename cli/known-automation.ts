import { setTimeout as delay } from 'node:timers/promises';
import type { Automation } from '../protocol/agent.ts';
import { findNearestWord } from '../protocol/nearest-word.ts';
import type { ApiClient } from './api-client.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { fetchAgents, fetchAutomations } from './fetch-items.ts';

/** Longer lists help nobody in an error message. */
const maxListed = 20;

/** An agent that has just come says a moment later what it offers. */
const patienceMs = 3_000;
const lookEveryMs = 200;

/**
 * The automation of that name, in the form that most agents offer. Throws a `Failure` that names the nearest one when agents offer
 * automations, but not this one; answers null where no agent has said yet what it offers. Of one that is there and has not
 * spoken yet it waits a moment to hear: by the schema is known what a parameter is meant to be.
 */
export async function findKnownAutomation(api: ApiClient, name: string): Promise<Automation | null> {
  for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
    const known = await lookForAutomation(api, name);
    if (known !== null || waitedMs >= patienceMs || !(await isAgentSilent(api))) return known;
    await delay(lookEveryMs);
  }
}

async function isAgentSilent(api: ApiClient): Promise<boolean> {
  const agents = await fetchAgents(api);
  return agents.some(({ online, version }) => online && version === null);
}

async function lookForAutomation(api: ApiClient, name: string): Promise<Automation | null> {
  const automations = await fetchAutomations(api);
  const forms = automations
    .filter((automation) => automation.name === name)
    .toSorted((one, other) => other.online - one.online);
  const jobs = automations.filter(({ kind }) => kind !== 'probe');
  const form = forms.find(({ kind }) => kind !== 'probe');
  if (form !== undefined) return form;
  if (forms.length > 0) {
    throw new Failure(exitCodes.usage, `${name} is a probe: agents run it by themselves, and no job can`, [
      `See what it found: farhand facts AGENT ${name}`,
    ]);
  }
  if (jobs.length === 0) return null;

  const names = [...new Set(jobs.map((automation) => automation.name))].toSorted();
  const near = findNearestWord(name, names);
  const more = names.length > maxListed ? ` and ${names.length - maxListed} more` : '';
  throw new Failure(exitCodes.usage, `no agent offers an automation named ${JSON.stringify(name)}`, [
    ...(near === null ? [] : [`Did you mean ${near}?`]),
    `There are: ${names.slice(0, maxListed).join(', ')}${more}`,
    'To queue the job all the same, for an agent that will offer it later: --queue-unknown',
  ]);
}
