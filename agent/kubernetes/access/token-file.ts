import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../runtime/clock.ts';
import { KubernetesError } from '../kubernetes-error.ts';

/** A file with a token that somebody else renews: the kubelet writes a new one long before the old is over. */
export interface TokenFile {
  /** Rejects with `KubernetesError` (`credentials`) where it cannot be read and never could. */
  read(): Promise<string>;
  forget(): void;
}

const keptMs = 10_000;

export function createTokenFile(path: string, { clock }: { readonly clock: Clock }): TokenFile {
  let kept: { readonly token: string; readonly at: number } | null = null;
  return {
    async read() {
      if (kept !== null && clock.monotonic() - kept.at < keptMs) return kept.token;
      try {
        const token = (await readFile(path, 'utf8')).trim();
        if (token === '') throw new Error('it is empty');
        kept = { token, at: clock.monotonic() };
        return token;
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        throw new KubernetesError('credentials', `expected a token in ${path}, and cannot read it: ${said}`, {
          cause: error,
        });
      }
    },
    forget() {
      kept = null;
    },
  };
}
