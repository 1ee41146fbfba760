import type { DatabaseSync } from 'node:sqlite';
import type { Random } from '../../../runtime/random.ts';

/** Older ones are forgotten; an agent that saw none since is told that nothing is known of its start. */
const maxStarts = 100_000;

/**
 * Writes down that a hub starts on this store, and how many commits there were; answers the id of the start. Two hubs that start on copies of one store
 * so have different pasts from here on, however many commits each makes. One in whose time nothing was committed told nobody of itself, and is replaced.
 */
export function beginStart(database: DatabaseSync, random: Random): string {
  const id = random.uuid();
  database.exec('begin immediate');
  try {
    const commits = Number(database.prepare('select commits from meta').get()?.['commits']);
    database.prepare('delete from starts where commits = ?').run(commits);
    database.prepare('insert into starts (id, commits) values (?, ?)').run(id, commits);
    database.prepare('delete from starts where sequence <= (select max(sequence) from starts) - ?').run(maxStarts);
    database.exec('commit');
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    throw error;
  }
  return id;
}
