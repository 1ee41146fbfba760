export interface SshConfigOptions {
  /** File with the keys of hosts; null takes those that the agent's user and the machine know. */
  readonly knownHostsFile: string | null;
  /** File with a private key on the agent's machine. */
  readonly privateKeyFile: string | null;
  /** The job brings a key; the launcher adds where it is. */
  readonly hasKey: boolean;
}

/** What would undo the check of host keys, or lead out of what the launcher cleans up. */
const ownOptions = new Set(
  (
    'stricthostkeychecking userknownhostsfile globalknownhostsfile knownhostscommand updatehostkeys verifyhostkeydns ' +
    'nohostauthenticationforlocalhost checkhostip hostkeyalias controlmaster controlpath controlpersist identityfile identityagent ' +
    'identitiesonly certificatefile user batchmode host match include'
  ).split(' '),
);

/** Why ssh is not given this option of the automation's file; null when it is. */
export function findSshOptionFault(name: string, value: string): string | null {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) return 'expected the name of an option of ssh, such as ProxyJump';
  if (ownOptions.has(name.toLowerCase())) {
    return 'this option is not free: host keys are always checked, and keys, users and shared connections have keys of their own: take it out';
  }
  return /[\r\n]/.test(value) ? 'expected one line' : null;
}

function quotePath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** The only configuration that ssh gets, also on a host that it jumps over: neither that of the agent's user nor that of the machine. */
export function toSshConfig({ knownHostsFile, privateKeyFile, hasKey }: SshConfigOptions): string {
  const lines = [
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    ...(knownHostsFile === null
      ? []
      : [`UserKnownHostsFile ${quotePath(knownHostsFile)}`, 'GlobalKnownHostsFile /dev/null']),
    'IdentitiesOnly yes',
    ...(privateKeyFile === null ? [] : [`IdentityFile ${quotePath(privateKeyFile)}`]),
    ...(hasKey ? [] : ['IdentityAgent none']),
    ...(hasKey || privateKeyFile !== null ? [] : ['IdentityFile none']),
  ];
  return `${lines.join('\n')}\n`;
}
