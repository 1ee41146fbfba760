/** Calls by what is called and how: `create jobs`. */
export type CallCounts = ReadonlyMap<string, number>;

/** What farhand, kubelets and controllers call for a Job. Leases and nodes are told of all the time. */
const resources = new Set(['jobs', 'pods', 'secrets', 'events']);

const serverVerbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  LIST: 'list',
  WATCH: 'watch',
  PATCH: 'patch',
  APPLY: 'patch',
  PUT: 'update',
  DELETE: 'delete',
  DELETECOLLECTION: 'delete',
  CONNECT: 'get',
};

function readSamples(text: string, name: string): readonly (readonly [Readonly<Record<string, string>>, number])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => {
      const labels = [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value] as const);
      return [Object.fromEntries(labels), Number(line.slice(line.lastIndexOf(' ')))] as const;
    });
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** What an API server has answered, whoever asked. A watch counts when it ends. */
export function readServerCalls(metrics: string): CallCounts {
  const counts = new Map<string, number>();
  for (const [labels, count] of readSamples(metrics, 'apiserver_request_total')) {
    const { resource = '', subresource = '', verb = '' } = labels;
    if (!resources.has(resource)) continue;
    const what = subresource === '' ? resource : `${resource}/${subresource}`;
    add(counts, `${serverVerbs[verb] ?? verb} ${what}`, count);
  }
  return counts;
}

/** What an agent has asked, by its own word. */
export function readAgentCalls(metrics: string): CallCounts {
  const counts = new Map<string, number>();
  for (const [labels, count] of readSamples(metrics, 'farhand_agent_kubernetes_requests_total')) {
    const { resource = '', verb = '' } = labels;
    if (resources.has(resource.split('/', 1)[0] ?? '')) add(counts, `${verb} ${resource}`, count);
  }
  return counts;
}

export function subtract(more: CallCounts, less: CallCounts): CallCounts {
  const keys = new Set([...more.keys(), ...less.keys()]);
  return new Map([...keys].map((key) => [key, (more.get(key) ?? 0) - (less.get(key) ?? 0)]));
}

export function sumCalls(counts: CallCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
