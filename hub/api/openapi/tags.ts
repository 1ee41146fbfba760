/** Groups of routes, in the order in which they are shown. */
export const tags = {
  jobs: 'Submit automations to be run, follow them, and see how they ended',
  agents: 'The daemons that run jobs, where nobody reaches in',
  facts: 'What agents found about the machines they stand on',
  inventory: 'Nodes and apps of the clusters that agents watch',
  automations: 'What can be run',
  events: 'What happens, as it happens',
  accounts: 'What each may have, and has',
  audit: 'Who did what',
  tokens: 'Who may call, and who may join',
  health: 'How the hub is',
  api: 'This description',
} as const;

export type Tag = keyof typeof tags;
