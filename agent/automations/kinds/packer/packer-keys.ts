import { z } from 'zod';
import { JsonObject } from '../../../../protocol/json.ts';
import { InnerPath, SourcePath } from '../source-path.ts';

export const packerActions = ['validate', 'build'] as const;

const Text = z.string().regex(/^[^\0]+$/, 'expected text');

const BuildNames = z
  .array(Text)
  .default([])
  .describe('a list of names of builds, each in quotes, such as ["amazon-ebs.web"]');

export const packerKeys = {
  source: SourcePath.describe(
    "the folder of the template and its files, absolute or seen from the automation's file, such as ./image",
  ),
  template: InnerPath.default('.').describe(
    'the template within source: a file, or a folder of *.pkr.hcl files, such as web.pkr.hcl',
  ),
  program: SourcePath.optional().describe(
    "the program: a name in the PATH, or a path, absolute or seen from the automation's file",
  ),
  action: Text.describe('validate or build; or "${parameters.action}" with "actions" beside it'),
  actions: z
    .array(z.enum(packerActions))
    .min(1)
    .nullable()
    .default(null)
    .describe('the list of what a job may choose, such as [validate, build]'),
  init: z.boolean().default(false).describe('true or false: have "packer init" (from 1.7 on) fetch the plugins first'),
  variables: JsonObject.nullable()
    .default(null)
    .describe('variables of the template, such as {region: "${parameters.region}"}'),
  only: BuildNames,
  except: BuildNames,
  force: z.boolean().default(false).describe('true or false: replace artifacts that are there already'),
  onError: z
    .enum(['cleanup', 'abort', 'run-cleanup-provisioner'])
    .default('cleanup')
    .describe('cleanup, abort or run-cleanup-provisioner'),
  parallelBuilds: z.int().min(0).default(0).describe('a whole number; 0 is no limit'),
  manifest: InnerPath.default('packer-manifest.json').describe(
    'the file that the manifest post-processor writes, within source, such as packer-manifest.json',
  ),
  pluginFolder: SourcePath.nullable()
    .default(null)
    .describe("a folder that keeps plugins for later jobs, absolute or seen from the automation's file"),
};

export const PackerValues = z.object({ ...packerKeys, workingDirectory: z.string().default('.') });
export type PackerValues = z.infer<typeof PackerValues>;
