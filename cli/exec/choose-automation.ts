import type { Automation } from '../../agent/automations/automation.ts';
import type { CatalogSnapshot } from '../../agent/automations/catalog.ts';
import { formatMistake } from '../../agent/automations/catalog-mistake.ts';
import type { JobRequest } from '../../protocol/job.ts';
import { parseLabelSelector, selects } from '../../protocol/label-selector.ts';
import { hubLabelPrefix, type Labels } from '../../protocol/labels.ts';
import { findNearestWord } from '../../protocol/nearest-word.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { toRequestFailure } from './request-failure.ts';

/** Longer lists help nobody in an error message. */
const maxListed = 20;

/** The automation that a request names, if this agent may run it with these parameters. Throws a `Failure` that says why not. */
export function chooseAutomation(
  catalog: CatalogSnapshot,
  given: {
    readonly request: JobRequest;
    readonly source: string;
    readonly agent: { readonly name: string; readonly labels: Labels };
  },
): Automation {
  const { request, source, agent } = given;
  const automation = catalog.automations.get(request.automation);
  if (automation === undefined) throw toUnknown(catalog, source, request.automation);
  if (automation.probe !== null) {
    throw new Failure(
      exitCodes.usage,
      `${source}: /automation: ${request.automation} is a probe: agents run it by themselves, and no job can`,
      ['Expected the name of an automation that is none: `farhand automations check` lists them'],
    );
  }
  const labels = { ...agent.labels, [`${hubLabelPrefix}agent`]: agent.name };
  if (!selects(parseLabelSelector(request.selector), labels)) {
    const own = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    throw new Failure(
      exitCodes.usage,
      `${source}: /selector: ${JSON.stringify(request.selector)} does not select this agent`,
      [`Its labels are ${own.join(',')}. FARHAND_LABELS gives it others; without a selector the job runs anywhere`],
    );
  }
  const verdict = automation.parameters?.validate(request.parameters) ?? { ok: true };
  if (verdict.ok) return automation;
  throw toRequestFailure(
    source,
    verdict.errors.map(({ pointer, message }) => ({ pointer: `/parameters${pointer}`, message })),
  );
}

function toUnknown({ automations, mistakes }: CatalogSnapshot, source: string, asked: string): Failure {
  const names = [...automations.values()]
    .filter(({ probe }) => probe === null)
    .map(({ name }) => name)
    .toSorted();
  const near = findNearestWord(asked, names);
  const more = names.length > maxListed ? ` and ${names.length - maxListed} more` : '';
  return new Failure(exitCodes.usage, `${source}: /automation: there is none named ${JSON.stringify(asked)}`, [
    ...(near === null ? [] : [`Did you mean ${near}?`]),
    ...(names.length === 0 ? [] : [`There are: ${names.slice(0, maxListed).join(', ')}${more}`]),
    ...mistakes.slice(0, maxListed).map(formatMistake),
    'Another folder: --automations FOLDER, or FARHAND_AUTOMATIONS',
  ]);
}
