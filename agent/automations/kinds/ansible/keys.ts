import { z } from 'zod';

const Text = z.string().min(1);

const SecretName = Text.nullable().default(null);

const Switch = z.union([z.boolean(), Text]);

const Hosts = z.union([z.string(), z.array(z.string())]);

/** Keys of the kind `ansible` beside those that all automations have. */
export const ansibleKeys = {
  playbook: Text.nullable()
    .default(null)
    .describe('the path of a playbook beside this file, such as playbooks/site.yml, or the text of one after "|"'),
  role: z
    .string()
    .regex(/^[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*$/, 'expected the name of a role')
    .nullable()
    .default(null)
    .describe('the name of a role in rolesPath, such as nginx, or of one in a collection'),
  gatherFacts: z.boolean().nullable().default(null).describe('true or false; for "role"'),
  rolesPath: z.array(Text).min(1).default(['roles']).describe('a list of folders beside this file, such as [roles]'),
  collectionsPath: z
    .array(Text)
    .min(1)
    .default(['collections'])
    .describe('a list of folders beside this file, such as [collections]'),
  hosts: z
    .union([Hosts, z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a group'), Hosts)])
    .nullable()
    .default(null)
    .describe(
      'hosts, such as "${parameters.hosts}" or ["web1", "web2:2222"], or groups, such as {web: "${parameters.web}"}',
    ),
  inventory: z
    .array(Text)
    .default([])
    .describe('a list of inventories beside this file, such as [inventory/site.yml]; "hosts" adds to them'),
  remoteUser: z.string().nullable().default(null).describe('who to log in as, such as deploy or "${parameters.user}"'),
  port: z
    .union([z.int().min(1).max(65_535), Text])
    .nullable()
    .default(null)
    .describe('the port of ssh, such as 22 or "${parameters.port}"'),
  privateKeySecret: SecretName.describe('the name of the secret that holds the private key of ssh, such as ssh-key'),
  privateKeyPassphraseSecret: SecretName.describe('the name of the secret that opens the private key'),
  privateKeyFile: Text.nullable().default(null).describe("the path of a private key on the agent's machine"),
  passwordSecret: SecretName.describe('the name of the secret that holds the password of ssh'),
  knownHosts: Text.nullable()
    .default(null)
    .describe('keys of hosts, as lines of a known_hosts file, such as "${parameters.knownHosts}"'),
  knownHostsFile: Text.nullable().default(null).describe('the path of a known_hosts file beside this file'),
  sshOptions: z
    .record(z.string(), Text)
    .default({})
    .describe('options of ssh, each value in quotes, such as {ProxyJump: "bastion.example.org"}'),
  become: z.boolean().default(false).describe('true or false'),
  becomeUser: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'expected the name of a user')
    .nullable()
    .default(null)
    .describe('whom to become, such as root'),
  becomePasswordSecret: SecretName.describe('the name of the secret that holds the password of sudo'),
  vaultPasswordSecret: SecretName.describe('the name of the secret that opens the vault'),
  secretVariables: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable of Ansible'), Text)
    .default({})
    .describe('variables and the names of the secrets they stand for, such as {db_password: db-password}'),
  tags: z.array(Text).default([]).describe('a list of tags, such as [install, "${parameters.tags}"]'),
  skipTags: z.array(Text).default([]).describe('a list of tags, such as [slow]'),
  limit: Text.nullable().default(null).describe('hosts or groups, such as "${parameters.limit}"'),
  check: Switch.default(false).describe('true, false or "${parameters.check}"'),
  diff: Switch.default(false).describe('true, false or "${parameters.diff}"'),
  verbosity: z.int().min(0).max(4).default(0).describe('a whole number from 0 to 4'),
  forks: z.int().min(1).max(500).default(5).describe('a whole number from 1 to 500'),
  facts: z
    .array(Text)
    .default([
      'distribution',
      'distribution_version',
      'os_family',
      'kernel',
      'architecture',
      'hostname',
      'fqdn',
      'default_ipv4',
      'memtotal_mb',
      'processor_vcpus',
      'uptime_seconds',
      'virtualization_type',
      'pkg_mgr',
      'service_mgr',
      'python_version',
    ])
    .describe(
      'names of facts for the outputs, such as [distribution, kernel]; ["*"] is all that were gathered, but for the environment',
    ),
} as const;

/** Those, and what the kind looks at of the common ones. */
export const AnsibleValues = z.object({
  ...ansibleKeys,
  parameters: z.looseObject({ properties: z.record(z.string(), z.unknown()).optional().catch(undefined) }).nullable(),
  environment: z.record(z.string(), z.string()),
});
export type AnsibleValues = Readonly<z.infer<typeof AnsibleValues>>;
