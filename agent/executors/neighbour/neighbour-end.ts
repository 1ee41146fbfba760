import { type FileSystem, readSmallFile } from '../../../runtime/file-system.ts';
import type { CommandEnd } from '../command-end.ts';

/** What the wrapper of a pod wrote of how its command ended: with the status, who may have had a part in it. */
export interface WrapperWords {
  readonly status: number;
  /** The runner had asked for the end by then. */
  readonly wasAsked: boolean;
  /** The platform told the container to end by then. */
  readonly wasTold: boolean;
  /** The kernel killed something of the container for its memory meanwhile. */
  readonly wasStarved: boolean;
}

/** Of a line without what is around it; null where it is none of the wrapper's, or not whole. */
function readWords(text: string, pattern: RegExp): WrapperWords | null {
  const [, status, asked, told, starved] = pattern.exec(text) ?? [];
  // The command can reach the file, and may have written what no program ends with.
  if (status === undefined || Number(status) > 255) return null;
  return {
    status: Number(status),
    wasAsked: asked !== undefined,
    wasTold: told !== undefined,
    wasStarved: starved !== undefined,
  };
}

/** As the platform shows the last words of the command's container. */
export function readWrapperWords(message: string): WrapperWords | null {
  return readWords(message, /^farhand: ended (\d{1,3})( i)?( t)?( m)?\n$/);
}

/**
 * What these words mean where nothing else is known. A command that was told by its platform to end, and did not end well, is lost to whoever is beside it:
 * why, only the platform can say.
 */
export function toWordedEnd({ status, wasAsked, wasTold, wasStarved }: WrapperWords, at: number | null): CommandEnd {
  const facts = { status, marked: wasAsked, at };
  if (status === 0 || wasAsked || !(wasTold || wasStarved)) return { type: 'exit', ...facts };
  const proof = { type: 'platform', started: true, retrySafe: false, ...facts } as const;
  return wasStarved
    ? {
        ...proof,
        cause: 'out-of-memory',
        message: 'something of the container was killed for its memory (resources.limits.memory)',
      }
    : { ...proof, cause: 'process-lost', message: 'the container of the command was told to end' };
}

/** The exit record in the attempt's folder, as the wrapper of a pod wrote it; null while there is no valid one: it is valid with its newline. */
export async function readNeighbourEnd(fileSystem: FileSystem, folder: string): Promise<CommandEnd | null> {
  const path = `${folder}/exit`;
  const bytes = await readSmallFile(fileSystem, path);
  if (bytes === null) return null;
  const words = readWords(Buffer.from(bytes).toString('latin1'), /^(\d{1,3})( i)?( t)?( m)?\n *$/);
  return words === null ? null : toWordedEnd(words, (await fileSystem.lstat(path))?.modifiedAt ?? null);
}
