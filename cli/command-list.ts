import type { ListedCommand } from './listed-command.ts';

const start = 'Start:';
const work = 'Work with jobs:';
const look = 'See and administer:';
const help = 'Help:';

/** Every command of the program, in the order of help. Each is a file that is loaded only when it is called. */
export const commandList: readonly ListedCommand[] = [
  {
    name: 'dev',
    summary: 'a hub and an agent in one terminal, data in ./.farhand',
    group: start,
    load: async (context) => (await import('./commands/dev.ts')).createDevCommand(context),
  },
  {
    name: 'hub',
    summary: 'serve the API and the agents',
    group: start,
    load: async (context) => (await import('./commands/hub.ts')).createHubCommand(context),
  },
  {
    name: 'agent',
    summary: 'run jobs here for a hub',
    group: start,
    load: async (context) => (await import('./commands/agent.ts')).createAgentCommand(context),
  },
  {
    name: 'run',
    summary: 'run an automation and watch it to its end',
    group: work,
    load: async (context) => (await import('./commands/run.ts')).createRunCommand(context),
  },
  {
    name: 'jobs',
    summary: 'list jobs, or show one',
    group: work,
    load: async (context) => (await import('./commands/jobs.ts')).createJobsCommand(context),
  },
  {
    name: 'logs',
    summary: "print a job's log",
    group: work,
    load: async (context) => (await import('./commands/logs.ts')).createLogsCommand(context),
  },
  {
    name: 'cancel',
    summary: 'ask for a job to be stopped',
    group: work,
    load: async (context) => (await import('./commands/cancel.ts')).createCancelCommand(context),
  },
  {
    name: 'agents',
    summary: 'list the agents and how they are',
    group: look,
    load: async (context) => (await import('./commands/agents.ts')).createAgentsCommand(context),
  },
  {
    name: 'automations',
    summary: 'list what can be run, with which parameters',
    group: look,
    load: async (context) => (await import('./commands/automations.ts')).createAutomationsCommand(context),
  },
  {
    name: 'facts',
    summary: 'what agents found out about their machines',
    group: look,
    load: async (context) => (await import('./commands/facts.ts')).createFactsCommand(context),
  },
  {
    name: 'nodes',
    summary: 'list the nodes of the clusters that agents watch',
    group: look,
    load: async (context) => (await import('./commands/nodes.ts')).createNodesCommand(context),
  },
  {
    name: 'apps',
    summary: 'list what runs on them',
    group: look,
    load: async (context) => (await import('./commands/apps.ts')).createAppsCommand(context),
  },
  {
    name: 'token',
    summary: 'make, list and revoke tokens for agents and for people',
    group: look,
    load: async (context) => (await import('./commands/token.ts')).createTokenCommand(context),
  },
  {
    name: 'accounts',
    summary: 'what accounts have, and may have',
    group: look,
    load: async (context) => (await import('./commands/accounts.ts')).createAccountsCommand(context),
  },
  {
    name: 'audit',
    summary: 'list what was done, and by whom',
    group: look,
    load: async (context) => (await import('./commands/audit.ts')).createAuditCommand(context),
  },
  {
    name: 'exec',
    summary: 'run a job document here, without a hub',
    group: work,
    load: async (context) => (await import('./commands/exec.ts')).createExecCommand(context),
  },
  {
    name: 'init',
    summary: 'make a folder of automations to begin with',
    group: start,
    load: async (context) => (await import('./commands/init.ts')).createInitCommand(context),
  },
  {
    name: 'rerun',
    summary: 'run a job again',
    group: work,
    load: async (context) => (await import('./commands/rerun.ts')).createRerunCommand(context),
  },
  {
    name: 'drain',
    summary: 'give an agent no more work',
    group: look,
    load: async (context) => (await import('./commands/drain.ts')).createDrainCommand(context),
  },
  {
    name: 'resume',
    summary: 'give a drained agent work again',
    group: look,
    load: async (context) => (await import('./commands/resume.ts')).createResumeCommand(context),
  },
  {
    name: 'trust-store',
    summary: 'offer jobs again after an older store was put back',
    group: look,
    load: async (context) => (await import('./commands/trust-store.ts')).createTrustStoreCommand(context),
  },
  {
    name: 'events',
    summary: 'print what happens, as it happens',
    group: look,
    load: async (context) => (await import('./commands/events.ts')).createEventsCommand(context),
  },
  {
    name: 'backup',
    summary: "copy a hub's store and logs, while it runs",
    group: look,
    load: async (context) => (await import('./commands/backup.ts')).createBackupCommand(context),
  },
  {
    name: 'restore',
    summary: "make a hub's data folder of a backup",
    group: look,
    load: async (context) => (await import('./commands/restore.ts')).createRestoreCommand(context),
  },
  {
    name: 'certs',
    summary: 'make certificates for a hub and its agents',
    group: look,
    load: async (context) => (await import('./commands/certs.ts')).createCertsCommand(context),
  },
  {
    name: 'doctor',
    summary: 'find out why something does not work',
    group: help,
    load: async (context) => (await import('./commands/doctor.ts')).createDoctorCommand(context),
  },
  {
    name: 'completion',
    summary: 'print completions for bash, zsh or fish',
    group: help,
    load: async (context) => (await import('./commands/completion.ts')).createCompletionCommand(context),
  },
  {
    name: 'complete',
    summary: 'what may come next on a command line, for completions',
    group: help,
    hidden: true,
    load: async (context) => (await import('./commands/complete.ts')).createCompleteCommand(context, commandList),
  },
];
