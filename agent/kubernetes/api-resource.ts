import type { Permission } from './permissions.ts';

/** One kind of object, and where it is found in the API. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  /** As in paths: `jobs`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

export const apiResources = {
  jobs: { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true },
  pods: { group: '', version: 'v1', plural: 'pods', namespaced: true },
  secrets: { group: '', version: 'v1', plural: 'secrets', namespaced: true },
  events: { group: '', version: 'v1', plural: 'events', namespaced: true },
  nodes: { group: '', version: 'v1', plural: 'nodes', namespaced: false },
  deployments: { group: 'apps', version: 'v1', plural: 'deployments', namespaced: true },
  statefulsets: { group: 'apps', version: 'v1', plural: 'statefulsets', namespaced: true },
  daemonsets: { group: 'apps', version: 'v1', plural: 'daemonsets', namespaced: true },
} as const satisfies Readonly<Record<string, ApiResource>>;

/** Where objects of a kind are: `namespace` null means in all of them, or that the kind has none. */
export interface Collection {
  readonly resource: ApiResource;
  readonly namespace: string | null;
}

/** One object. */
export interface ObjectPlace extends Collection {
  readonly name: string;
}

/** The path of a collection or an object, with a subresource such as `log`. */
export function toApiPath(place: Collection & { readonly name?: string }, subresource: string | null = null): string {
  const { resource, namespace, name } = place;
  const words = [
    ...(resource.group === '' ? ['api'] : ['apis', resource.group]),
    resource.version,
    ...(namespace === null ? [] : ['namespaces', namespace]),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === null ? [] : [subresource]),
  ];
  return `/${words.map(encodeURIComponent).join('/')}`;
}

/** `list deployments.apps in all namespaces`: for messages. */
export function toCallWords(
  verb: Permission['verb'],
  { resource, namespace, name }: Collection & { readonly name?: string },
  subresource: string | null = null,
): string {
  const kind = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  const what = subresource === null ? kind : `${kind}/${subresource}`;
  const place = namespace === null ? (resource.namespaced ? ' in all namespaces' : '') : ` in namespace ${namespace}`;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}${place}`;
}
