import { resolve } from 'node:path';
import { defaultSpoolLimits } from '../../agent/attempts/spool.ts';
import { agentConfigSchema, loadAgentConfig, usualAutomations } from '../../agent/config.ts';
import { hubConfigSchema, loadHubConfig, toTlsOptions } from '../../hub/config.ts';
import { toOidcSettings } from '../../hub/identity/oidc/oidc-keys.ts';
import type { TlsOptions } from '../../hub/tls/tls-options.ts';
import { ConfigError } from '../../runtime/configuration/config-error.ts';
import type { ConfigOf, ConfigSchema } from '../../runtime/configuration/config-key.ts';
import { toFileVariable } from '../../runtime/configuration/config-key.ts';
import { type ConfigSources, loadConfiguration } from '../../runtime/configuration/load-configuration.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createOutlet, type Outlet } from '../../runtime/network/outlet.ts';
import { type OutletConfig, openConfiguredOutlet } from '../../runtime/network/outlet-keys.ts';
import { noTlsSettings } from '../../runtime/network/tls-files.ts';
import { version } from '../../runtime/version.ts';
import type { ApiClient } from '../api-client.ts';
import { Failure } from '../failure.ts';
import { toHttpUrl } from '../http-url.ts';
import { createAgentChecks } from './agent-checks.ts';
import { createAutomationChecks } from './automation-checks.ts';
import { type Check, type Found, fault, ok } from './check.ts';
import { createClientChecks } from './client-checks.ts';
import type { DoctorRole } from './doctor-role.ts';
import { createFolderChecks } from './folder-checks.ts';
import { createHubChecks } from './hub-checks.ts';
import { createHubProbe } from './hub-probe.ts';
import { createIssuerCheck } from './issuer-check.ts';
import { createKubernetesCheck } from './kubernetes-check.ts';
import { createNetworkChecks } from './network-checks.ts';
import { createOwnCertificateChecks } from './own-certificate-check.ts';
import { createProxyCheck } from './proxy-check.ts';
import { createMachineChecks, createOpenFilesCheck } from './system-checks.ts';
import { createTlsFileCheck } from './tls-file-checks.ts';

export interface DoctorPlan {
  readonly sources: ConfigSources;
  /** Where it was called: relative folders begin here. */
  readonly folder: string;
  /** The hub and the token as other client commands find them. Throws `Failure` or `ConfigError`. */
  readonly accessHub: () => { readonly api: ApiClient; readonly hasToken: boolean; readonly outlet: Outlet };
}

/** A hub tells its version to agents that dial and to people who are let in. */
const whereVersionsAre = '`farhand doctor --client` with a token compares it with the hub';

const mebibyte = 2 ** 20;

/** All that is looked at for a role. */
export function planChecks(role: DoctorRole, plan: DoctorPlan): readonly Check[] {
  switch (role) {
    case 'client':
      return planClient(plan);
    case 'agent':
      return planAgent(plan);
    case 'hub':
      return planHub(plan);
  }
}

function planClient({ accessHub }: DoctorPlan): readonly Check[] {
  let access: ReturnType<DoctorPlan['accessHub']>;
  try {
    access = accessHub();
  } catch (error) {
    return [{ name: 'configuration', about: 'machine', look: async () => toFaults(error) }];
  }
  const { api, hasToken, outlet } = access;
  const url = new URL(api.address);
  const probe = createHubProbe(url, outlet);
  return [
    { name: 'configuration', about: 'machine', look: async () => ok(`the hub is ${api.address}`) },
    createProxyCheck(probe.route),
    ...createOwnCertificateChecks(outlet),
    ...createNetworkChecks(probe, { agentUrl: null, outlet }),
    ...createClientChecks({ api, hasToken, probe }),
  ];
}

function planAgent({ sources, folder }: DoctorPlan): readonly Check[] {
  const { config, mistakes } = loadAsFarAsItGoes(agentConfigSchema, sources, () => loadAgentConfig(sources));
  if (config === null) return [toConfigurationCheck(mistakes)];
  const { outlet, mistakes: files } = openOutlet(config, sources.environment);
  const check = toConfigurationCheck([...mistakes, ...files]);
  const data = resolve(folder, config.data);
  const urls = config.hubUrls ?? readRawUrls(sources);
  const url = urls[0] ?? null;
  const probes = urls.map((one) =>
    /^(ws|grpc|http)s?:$/.test(one.protocol) ? createHubProbe(toHttpUrl(one), outlet) : null,
  );
  const probe = probes[0] ?? null;
  const path = sources.environment['PATH'];
  return [
    check,
    ...urls.flatMap((agentUrl, index) => {
      const there = probes[index] ?? null;
      if (there === null) return [];
      const checks = [createProxyCheck(there.route), ...createNetworkChecks(there, { agentUrl, outlet })];
      return urls.length === 1 ? checks : checks.map((one) => nameWay(one, agentUrl));
    }),
    ...createOwnCertificateChecks(outlet),
    { name: 'version', about: 'machine', look: async () => ok(`this is farhand ${version}; ${whereVersionsAre}`) },
    ...createAgentChecks({
      config: { ...config, data },
      probe,
      outlet,
      url,
      isNameGiven: isGiven('FARHAND_NAME', sources),
    }),
    ...createFolderChecks({
      folder: data,
      process: 'agent',
      privateFiles: ['agent.key'],
      neededBytes: defaultSpoolLimits.minFreeBytes,
      comfortableBytes: 64 * mebibyte,
      environment: { ...sources.environment, ...sources.flags },
    }),
    ...(config.kubernetes === 'off'
      ? []
      : [createKubernetesCheck({ config, environment: sources.environment, outlet })]),
    ...createAutomationChecks({ folder: resolve(folder, config.automations ?? usualAutomations), path }),
    ...createMachineChecks({ path }),
    createOpenFilesCheck(1024),
  ];
}

function planHub({ sources, folder }: DoctorPlan): readonly Check[] {
  const { config, mistakes } = loadAsFarAsItGoes(hubConfigSchema, sources, () => loadHubConfig(sources));
  const check = toConfigurationCheck(mistakes);
  if (config === null) return [check];
  const data = resolve(folder, config.data);
  const tls = toTlsOptions(config);
  const oidc = toOidcSettings(config);
  return [
    check,
    ...(tls === null ? [] : [createTlsFileCheck(resolveFiles(tls, folder), config.listen)]),
    ...(oidc === null ? [] : [createIssuerCheck(oidc)]),
    ...createHubChecks({ listen: config.listen, data }),
    ...createFolderChecks({
      folder: data,
      process: 'hub',
      privateFiles: ['secret-key', 'admin-token', 'hub.sqlite'],
      neededBytes: mebibyte,
      comfortableBytes: 256 * mebibyte,
      environment: { ...sources.environment, ...sources.flags },
    }),
    createOpenFilesCheck(4096),
  ];
}

/** Relative paths begin where the command was called. */
function resolveFiles(files: TlsOptions, folder: string): TlsOptions {
  const { certificatePath, keyPath, clientCaPath } = files;
  return {
    ...files,
    certificatePath: resolve(folder, certificatePath),
    keyPath: resolve(folder, keyPath),
    clientCaPath: clientCaPath === null ? null : resolve(folder, clientCaPath),
  };
}

/** Files that cannot be used are mistakes as well, and the rest is looked at without them. */
function openOutlet(
  config: OutletConfig,
  environment: ConfigSources['environment'],
): { readonly outlet: Outlet; readonly mistakes: readonly Found[] } {
  const options = { environment, logger: silentLogger };
  try {
    return { outlet: openConfiguredOutlet(config, options), mistakes: [] };
  } catch (error) {
    const outlet = createOutlet({ ...options, choice: config.proxy, tls: noTlsSettings });
    return { outlet, mistakes: toFaults(error) };
  }
}

/** Where some variables are wrong, the rest is looked at all the same, as if those were not set. */
function loadAsFarAsItGoes<S extends ConfigSchema>(
  schema: S,
  sources: ConfigSources,
  load: () => ConfigOf<S>,
): { readonly config: ConfigOf<S> | null; readonly mistakes: readonly Found[] } {
  try {
    return { config: load(), mistakes: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const wrong = new Set(error.mistakes.flatMap((mistake) => /FARHAND_[A-Z_]+/.exec(mistake)?.[0] ?? []));
    // A rule over several may be broken where each value is one that its variable takes.
    const config = loadRest(schema, sources, new Set()) ?? loadRest(schema, sources, wrong);
    return { config, mistakes: toFaults(error) };
  }
}

function loadRest<S extends ConfigSchema>(
  schema: S,
  sources: ConfigSources,
  wrong: ReadonlySet<string>,
): ConfigOf<S> | null {
  const without = <T>(values: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !wrong.has(name) && !wrong.has(toFileVariable(name))));
  try {
    return loadConfiguration(schema, { environment: without(sources.environment), flags: without(sources.flags) });
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

function toConfigurationCheck(mistakes: readonly Found[]): Check {
  return {
    name: 'configuration',
    about: 'machine',
    look: async () => (mistakes.length > 0 ? mistakes : ok('every variable has a value that it takes')),
  };
}

function toFaults(error: unknown): readonly Found[] {
  if (error instanceof ConfigError) {
    return error.mistakes.map((mistake) =>
      fault(
        mistake,
        mistake.startsWith('FARHAND_TOKEN_FILE:')
          ? 'Write your token into that file, mode 0600; an administrator makes one: farhand token create --role operator'
          : 'What each variable takes: docs/config.md, or the command with --help',
      ),
    );
  }
  if (error instanceof Failure) return [fault(error.message, error.hints.join(' '))];
  throw error;
}

/** What was meant, where a scheme is the wrong one, or more is there than belongs there, such as a password. */
function readRawUrls({ environment, flags }: ConfigSources): readonly URL[] {
  const text = flags['FARHAND_HUB_URL'] ?? environment['FARHAND_HUB_URL'] ?? '';
  return text.split(',').flatMap((one) => {
    if (!URL.canParse(one.trim())) return [];
    return Object.assign(new URL(one.trim()), { username: '', password: '', search: '', hash: '' });
  });
}

/** The same check, which says of which of several ways to the hub it speaks. */
function nameWay(check: Check, { href }: URL): Check {
  return {
    ...check,
    look: async (signal) =>
      [await check.look(signal)].flat().map((found) => ({ ...found, message: `${href}: ${found.message}` })),
  };
}

function isGiven(variable: string, { environment, flags }: ConfigSources): boolean {
  return (flags[variable] ?? environment[variable] ?? '') !== '';
}
