import { createHash } from 'node:crypto';
import { basename, dirname, extname, resolve } from 'node:path';
import { z } from 'zod';
import { toCanonicalJson } from '../../protocol/canonical-json.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { findJsonFault } from '../../protocol/json-fault.ts';
import { findNearestWord } from '../../protocol/nearest-word.ts';
import type { ExecutorKind } from '../executors/executor-kind.ts';
import type { Automation } from './automation.ts';
import { automationKeys } from './automation-keys.ts';
import type { AutomationKind, FileFault, RecipeReading } from './automation-kind.ts';
import type { CatalogMistake } from './catalog-mistake.ts';
import { readDocumentSchema } from './document-schema.ts';
import { chooseExecutor, findExecutorFaults, readBlock, toBlockKeys } from './executor-block.ts';
import type { Hook, HookName } from './hook.ts';
import { findUserFault } from './job-user.ts';
import { findReferenceFault } from './reference-fault.ts';
import { toFileFaults } from './schema-fault.ts';
import { getReferences, parseTemplate, type Template } from './template.ts';
import { parseYaml } from './yaml-source.ts';

export type AutomationFile =
  | { readonly type: 'automation'; readonly automation: Automation; readonly nameLine: number }
  | { readonly type: 'broken'; readonly mistakes: readonly CatalogMistake[] };

/** What `kind` and `executor` of a file may say. */
export interface KnownWords {
  readonly kinds: readonly AutomationKind[];
  readonly executors: readonly ExecutorKind[];
}

const CommonKeys = z.object(automationKeys);
type CommonKeys = z.infer<typeof CommonKeys>;

/** What a file says, or what is wrong with it. */
type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly FileFault[] };

function refuse(...faults: FileFault[]): { readonly ok: false; readonly faults: readonly FileFault[] } {
  return { ok: false, faults };
}

function toFile(value: unknown): Reading<JsonObject> {
  const fault = findJsonFault(value);
  if (fault !== null) return refuse({ path: fault.path, message: fault.message });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { ok: true, value: value as JsonObject };
  }
  return refuse({
    path: [],
    message: 'expected an automation, such as "kind: command" and "run: […]", each on a line of its own',
  });
}

/** By `kind`, or when the file does not say by a key that says it. */
function chooseKind(file: JsonObject, kinds: readonly AutomationKind[]): Reading<AutomationKind> {
  const names = kinds.map((kind) => kind.name);
  const asked = file['kind'];
  if (asked === undefined) {
    const said = kinds.find(({ saidBy }) => saidBy.some((key) => Object.hasOwn(file, key)));
    if (said !== undefined) return { ok: true, value: said };
    return refuse({ path: [], message: `expected "kind", got nothing: add one of ${names.join(', ')}` });
  }
  const kind = kinds.find(({ name }) => name === asked);
  if (kind !== undefined) return { ok: true, value: kind };
  const nearest = typeof asked === 'string' ? findNearestWord(asked, names) : null;
  const remedy = nearest === null ? '' : `: did you mean "${nearest}"?`;
  return refuse({
    path: ['kind'],
    message: `expected one of ${names.join(', ')}, got ${JSON.stringify(asked)}${remedy}`,
  });
}

function findTemplateFaults(
  common: CommonKeys,
  environment: ReadonlyMap<string, Template>,
  templates: RecipeReading['templates'],
): FileFault[] {
  const check = (path: FileFault['path'], template: Template, secretsAllowed: boolean) =>
    getReferences(template).flatMap((reference) => {
      const message = findReferenceFault(reference, { parameters: common.parameters, secretsAllowed });
      return message === null ? [] : [{ path, message }];
    });
  const placed = getReferences(parseTemplate(common.workingDirectory)).map((reference) => ({
    path: ['workingDirectory'],
    message: `${reference.source}: there are no placeholders here, or a job could choose any folder: write it out`,
  }));
  return [
    ...templates.flatMap(({ path, template, secretsAllowed }) => check(path, template, secretsAllowed ?? false)),
    ...[...environment].flatMap(([name, template]) => check(['environment', name], template, true)),
    ...placed,
  ];
}

function toHook(argv: readonly string[] | null, timeoutSeconds: number): Hook | null {
  return argv === null ? null : { argv: argv.map(parseTemplate), timeoutMs: timeoutSeconds * 1000 };
}

function findHookFaults(name: HookName, common: CommonKeys): FileFault[] {
  const templates = (common[name] ?? []).map(parseTemplate);
  return templates.flatMap((template, index) => {
    const path = [name, index];
    if (index === 0 && template.length === 0) return [{ path, message: 'expected a program, got empty text' }];
    return getReferences(template).flatMap((reference) => {
      const message =
        index === 0
          ? `${reference.source}: the program itself holds no placeholder, or a job could run anything: write it out`
          : findReferenceFault(reference, { parameters: common.parameters, secretsAllowed: false });
      return message === null ? [] : [{ path, message }];
    });
  });
}

function toAutomation(
  { path, text }: { readonly path: string; readonly text: string },
  file: JsonObject,
  { kind, executor, executors }: { kind: AutomationKind; executor: ExecutorKind; executors: readonly ExecutorKind[] },
): Reading<Automation> {
  const keys = { ...automationKeys, ...kind.keys, ...toBlockKeys(executor, executors) };
  const parsed = z.strictObject(keys).safeParse({ kind: kind.name, ...file });
  if (!parsed.success) return refuse(...toFileFaults(parsed.error, file, keys));

  const common = CommonKeys.parse(parsed.data);
  const name = automationKeys.name.safeParse(common.name ?? basename(path, extname(path)));
  const reading = kind.read(parsed.data, { home: resolve(dirname(path)) });
  const block = readBlock(executor, parsed.data);
  const environment = new Map(Object.entries(common.environment).map(([key, text]) => [key, parseTemplate(text)]));
  const parameters = readDocumentSchema('parameters', common.parameters);
  const outputs = readDocumentSchema('outputs', common.outputs);
  const userFault = common.user === null ? null : findUserFault(common.user);
  const faults: FileFault[] = [
    ...(userFault === null ? [] : [{ path: ['user'], message: userFault }]),
    ...findExecutorFaults(file, { executor, executors, kind, common, isProbe: reading.probe !== undefined }),
    ...reading.faults,
    ...block.faults,
    ...parameters.faults,
    ...outputs.faults,
    ...findTemplateFaults(common, environment, [...reading.templates, ...block.templates]),
    ...findHookFaults('before', common),
    ...findHookFaults('after', common),
  ];
  if (name.data === undefined) {
    faults.push({
      path: [],
      message: 'the name of this file is no name for an automation: add a "name" of letters, digits, ".", "_" or "-"',
    });
  }
  if (name.data === undefined || faults.length > 0) return refuse(...faults);

  const digest = createHash('sha256').update(toCanonicalJson(file)).digest('hex');
  const { description, timeoutSeconds, retrySafe, maxConcurrent } = common;
  const told = { name: name.data, kind: kind.name, digest, description, timeoutSeconds, retrySafe, maxConcurrent };
  const automation: Automation = {
    ...told,
    file: path,
    text,
    summary: { ...told, executor: executor.name, parameters: common.parameters, outputs: common.outputs },
    executor,
    executorPlan: block.plan,
    recipe: reading.recipe,
    needs: reading.needs,
    parameters: parameters.validator,
    outputs: outputs.validator,
    graceSeconds: common.graceSeconds ?? kind.graceSeconds,
    log: common.log,
    environment,
    inherit: common.inherit,
    workingDirectory: common.workingDirectory,
    user: common.user,
    before: toHook(common.before, common.beforeTimeoutSeconds),
    after: toHook(common.after, common.afterTimeoutSeconds),
    probe: reading.probe ?? null,
  };
  return { ok: true, value: automation };
}

/** Reads the text of one file. All its mistakes are found at once, as far as one does not hide another. */
export function readAutomationFile(path: string, text: string, known: KnownWords): AutomationFile {
  const yaml = parseYaml(text);
  if ('mistakes' in yaml) {
    return { type: 'broken', mistakes: yaml.mistakes.map((mistake) => ({ file: path, ...mistake })) };
  }
  const toMistake = (fault: FileFault): CatalogMistake => ({
    file: path,
    ...yaml.locate(fault.path, fault.part ?? 'value'),
    message: fault.path.length === 0 ? fault.message : `${fault.path.join('.')}: ${fault.message}`,
  });
  const fail = (faults: readonly FileFault[]): AutomationFile => ({
    type: 'broken',
    mistakes: faults.map(toMistake).toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0)),
  });
  const file = toFile(yaml.value);
  if (!file.ok) return fail(file.faults);
  const kind = chooseKind(file.value, known.kinds);
  if (!kind.ok) return fail(kind.faults);
  const executor = chooseExecutor(file.value, known.executors);
  if ('message' in executor) return fail([executor]);
  const automation = toAutomation({ path, text }, file.value, {
    kind: kind.value,
    executor,
    executors: known.executors,
  });
  if (!automation.ok) return fail(automation.faults);
  return { type: 'automation', automation: automation.value, nameLine: yaml.locate(['name'], 'value').line };
}
