import type { Secrets } from '../../protocol/job-document.ts';
import { createMaskerFactory } from './masker.ts';

/** Masks texts such as messages and outputs, by the rules of the stream. */
export function createTextMask(secrets: Secrets): (text: string) => string {
  const createMasker = createMaskerFactory(secrets);
  return (text) => {
    const masker = createMasker();
    return Buffer.concat([masker.push(Buffer.from(text)), masker.end()]).toString();
  };
}
