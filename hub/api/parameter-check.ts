import type { JsonObject } from '../../protocol/json.ts';
import type { Issue } from '../../protocol/protocol-error.ts';
import type { ParameterSchemas } from '../fleet/parameter-schemas.ts';
import { ApiProblem } from './api-problem.ts';
import type { HubView } from './hub-view.ts';

/**
 * Checks a job's parameters against every form of the automation that agents of the account offer. Answers the digest of one that they
 * fit, or null when nobody offers it now: then the agent that does one day has the word. Throws `ApiProblem`: `parameters-invalid` when
 * they fit none, `request-invalid` for what is a probe wherever it is known.
 */
export type ParameterCheck = (job: {
  readonly account: string;
  readonly automation: string;
  readonly parameters: JsonObject;
}) => string | null;

const maxIssues = 50;

export function createParameterCheck(hubView: HubView, schemas: ParameterSchemas): ParameterCheck {
  return ({ account, automation: name, parameters }) => {
    const judged = new Set<string>();
    let isProbe = false;
    let errors: readonly Issue[] = [];
    for (const agent of hubView.agents(account)) {
      const automation = agent.automations.get(name);
      if (automation?.kind === 'probe') {
        isProbe = true;
        continue;
      }
      if (automation === undefined || judged.has(automation.digest)) continue;
      judged.add(automation.digest);
      const verdict = schemas.of(automation)?.validate(parameters);
      if (verdict === undefined || verdict.ok) return automation.digest;
      errors = verdict.errors;
    }
    if (judged.size === 0 && isProbe) throw probeRefused(name);
    if (judged.size === 0) return null;
    throw misfit(name, errors, judged.size);
  };
}

function probeRefused(name: string): ApiProblem {
  const message = `${name} is a probe: agents run it by themselves; what it found is at /api/v1/agents/{name}/facts/${name}`;
  return new ApiProblem('request-invalid', `/automation: ${message}`, {
    errors: [{ pointer: '/automation', message }],
  });
}

function misfit(name: string, issues: readonly Issue[], forms: number): ApiProblem {
  const errors = issues
    .slice(0, maxIssues)
    .map(({ pointer, message }) => ({ pointer: `/parameters${pointer}`, message }));
  const list = errors.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ');
  const which = forms === 1 ? 'the automation' : `any of the ${forms} forms in which agents offer the automation`;
  return new ApiProblem('parameters-invalid', `the parameters do not fit ${which} ${name}: ${list}`.slice(0, 1000), {
    errors,
  });
}
