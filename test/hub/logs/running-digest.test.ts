import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RunningDigest } from '../../../hub/logs/running-digest.ts';
import { sha256 } from './log-contract.ts';

const text = 'all that was ever printed';
const bytes = Buffer.from(text);

/** Reads the log in pieces of five bytes; each piece waits for its turn. */
function createReader(turn: () => Promise<void> = async () => {}) {
  return async function* (start: number, end: number): AsyncGenerator<Uint8Array, void> {
    for (let at = start; at < end; at += 5) {
      await turn();
      yield bytes.subarray(at, Math.min(at + 5, end));
    }
  };
}

describe('a running digest', () => {
  it('leaves bytes that come behind a hole to the file', async () => {
    const digest = new RunningDigest(createReader(), null);

    digest.update(10, bytes.subarray(10));
    await digest.catchUp(bytes.length);

    assert.equal(digest.value(), sha256(text));
  });

  it('takes no byte twice that is written while the file is read', async () => {
    const gate = Promise.withResolvers<void>();
    let pieces = 0;
    const digest = new RunningDigest(
      createReader(() => (pieces++ === 1 ? gate.promise : Promise.resolve())),
      null,
    );

    const reading = digest.catchUp(bytes.length);
    await new Promise(setImmediate);
    assert.equal(digest.hashed, 5);
    digest.update(5, bytes.subarray(5));
    gate.resolve();
    await reading;

    assert.equal(digest.hashed, bytes.length);
    assert.equal(digest.value(), sha256(text));
  });

  it('goes on from where another one stopped, which stays as it was', async () => {
    const first = new RunningDigest(createReader(), null);
    first.update(0, bytes.subarray(0, 8));
    const state = first.stateAt(8);

    const second = new RunningDigest(createReader(), state);
    second.update(8, bytes.subarray(8));

    assert.equal(second.value(), sha256(text));
    assert.equal(first.value(), sha256(text.slice(0, 8)));
    assert.equal(first.stateAt(9), null);
  });

  it('says so when the file is shorter than the log', async () => {
    const digest = new RunningDigest(createReader(), null);

    await assert.rejects(new RunningDigest(async function* () {}, null).catchUp(3), /ended at 0 of 3/);
    await digest.catchUp(5);
    assert.equal(digest.hashed, 5);
  });
});
