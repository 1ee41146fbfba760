import type { Command } from 'commander';
import type { Context } from './context.ts';

/** A command as the list of all shows it, without loading it. */
export interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  load(context: Context): Promise<Command>;
}

const start = 'Start:';
const work = 'Work with jobs:';
const look = 'See and administer:';

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
    name: 'token',
    summary: 'make tokens for agents and for people',
    group: look,
    load: async (context) => (await import('./commands/token.ts')).createTokenCommand(context),
  },
];
