import type { RouteOptions } from 'fastify';

/** Which methods each path takes, to tell a wrong method from a path that is not there. */
export class KnownRoutes {
  readonly #routes: { readonly segments: readonly string[]; readonly methods: readonly string[] }[] = [];

  add(route: RouteOptions): void {
    this.#routes.push({ segments: route.url.split('/'), methods: [route.method].flat() });
  }

  /** Upper case, in order; empty for an unknown path. */
  methodsOf(url: string): readonly string[] {
    const segments = (url.split('?', 1)[0] ?? '').split('/');
    const methods = this.#routes.filter((route) => fits(route.segments, segments)).flatMap((route) => route.methods);
    return [...new Set(methods)].toSorted();
  }
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  );
}
