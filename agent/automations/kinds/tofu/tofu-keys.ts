import { z } from 'zod';
import { JsonObject } from '../../../../protocol/json.ts';
import { InnerPath, SourcePath } from '../source-path.ts';

export const tofuActions = ['plan', 'apply', 'destroy', 'unlock'] as const;

const Text = z.string().regex(/^[^\0]+$/, 'expected text');

export const tofuKeys = {
  source: SourcePath.describe(
    "the folder of the module, absolute or seen from the automation's file, such as ./network",
  ),
  module: InnerPath.default('.').describe('the folder within source to run in, such as environments/prod'),
  program: SourcePath.optional().describe(
    "the program: a name in the PATH, or a path, absolute or seen from the automation's file",
  ),
  action: Text.describe('plan, apply, destroy or unlock; or "${parameters.action}" with "actions" beside it'),
  actions: z
    .array(z.enum(tofuActions))
    .min(1)
    .nullable()
    .default(null)
    .describe('the list of what a job may choose, such as [plan, apply]'),
  workspace: Text.nullable()
    .default(null)
    .describe('the name of a workspace, such as prod or "${parameters.environment}"'),
  stateFolder: SourcePath.nullable()
    .default(null)
    .describe(
      "the folder that keeps the state, absolute or seen from the automation's file, such as /var/lib/network-state",
    ),
  backendConfig: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'expected the name of a setting of the backend'), Text)
    .nullable()
    .default(null)
    .describe('settings of the backend that the module names, each in quotes, such as {key: "network/prod"}'),
  variables: JsonObject.nullable()
    .default(null)
    .describe('variables of the module, such as {region: "${parameters.region}"}'),
  targets: z
    .array(Text)
    .default([])
    .describe('a list of addresses of resources, each in quotes, such as ["module.network"]'),
  lockTimeoutSeconds: z.int().min(0).max(86_400).default(60).describe('seconds, a whole number from 0, such as 60'),
  lockId: Text.nullable().default(null).describe('the id of the lock to release, such as "${parameters.lockId}"'),
  planFolder: SourcePath.nullable()
    .default(null)
    .describe("a folder that keeps plans for later jobs, absolute or seen from the automation's file"),
  plan: Text.nullable()
    .default(null)
    .describe('the plan of an earlier job to apply, by its name in the outputs, such as "${parameters.plan}"'),
  pluginCache: SourcePath.nullable()
    .default(null)
    .describe("a folder that keeps providers for later jobs, absolute or seen from the automation's file"),
};

export const TofuValues = z.object({ ...tofuKeys, workingDirectory: z.string().default('.') });
export type TofuValues = z.infer<typeof TofuValues>;
