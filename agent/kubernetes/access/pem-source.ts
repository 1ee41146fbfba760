import { readFileSync, statSync } from 'node:fs';
import { KubernetesError } from '../kubernetes-error.ts';

/** PEM text out of a kubeconfig, or out of a file that may be renewed. */
export interface PemSource {
  /** Throws `KubernetesError` (`credentials`) where the file cannot be read. */
  read(): string;
}

export function createPemFile(path: string): PemSource {
  let kept: { readonly stamp: string; readonly text: string } | null = null;
  return {
    read() {
      try {
        const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
        const stamp = [ino, size, mtimeNs, ctimeNs].join(':');
        if (kept?.stamp !== stamp) kept = { stamp, text: readFileSync(path, 'utf8') };
        return kept.text;
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        throw new KubernetesError('credentials', `expected PEM in ${path}, and cannot read it: ${said}`, {
          cause: error,
        });
      }
    },
  };
}

export function createPemText(text: string): PemSource {
  return { read: () => text };
}
