import assert from 'node:assert/strict';
import type { Automation } from '../../../agent/automations/automation.ts';
import { readAutomationFile } from '../../../agent/automations/automation-file.ts';
import { formatMistake } from '../../../agent/automations/catalog-mistake.ts';
import { builtInKinds } from '../../../agent/automations/kinds/kinds.ts';
import type { Preparation } from '../../../agent/automations/preparation.ts';
import { builtInExecutors } from '../../../agent/executors/built-in-executors.ts';
import type { JobDocument } from '../../../protocol/job-document.ts';

/** Reads a file that must be good. */
export function readAutomation(text: string, path = 'sample.yaml'): Automation {
  const file = readAutomationFile(path, text, { kinds: builtInKinds, executors: builtInExecutors });
  if (file.type === 'broken') assert.fail(file.mistakes.map(formatMistake).join('\n'));
  return file.automation;
}

/** The mistakes of a file that must be broken, as a person sees them. */
export function readMistakes(text: string, path = 'sample.yaml'): readonly string[] {
  const file = readAutomationFile(path, text, { kinds: builtInKinds, executors: builtInExecutors });
  assert.equal(file.type, 'broken');
  return file.type === 'broken' ? file.mistakes.map(formatMistake) : [];
}

const document: JobDocument = {
  job: '0190d2a6-0000-7000-8000-000000000001',
  attempt: '0190d2a6-0000-7000-8000-000000000002',
  number: 1,
  account: 'default',
  automation: 'sample',
  digest: null,
  parameters: {},
  secretNames: [],
  timeoutSeconds: null,
  traceparent: null,
  tracestate: null,
};

/** What a command is made of, with the given parts put in. The names of the secrets follow from them. */
export function createPreparation(
  given: Partial<Omit<Preparation, 'document'>> & { readonly document?: Partial<JobDocument> } = {},
): Preparation {
  const secrets = given.secrets ?? {};
  return {
    agent: { name: 'a1', labels: { site: 'ams', 'example.org/rack': 'r7' } },
    folder: '/attempt',
    user: null,
    environment: { PATH: '/usr/bin:/bin' },
    ...given,
    secrets,
    document: { ...document, secretNames: Object.keys(secrets), ...given.document },
  };
}
