import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogBeginning } from '../../../../agent/executors/kubernetes/log-beginning.ts';

const startedAt = 1_000_000;
const minute = 60_000;

function create(more: Partial<ConstructorParameters<typeof LogBeginning>[0]> = {}): LogBeginning {
  return new LogBeginning({ startedAt, earlier: null, isSettled: false, ...more });
}

describe('the beginning of a log', () => {
  it('is seen when the first line is of when the container began, however late it is read', () => {
    const beginning = create();

    beginning.opened(startedAt + 10 * minute);
    beginning.began(startedAt + 500);

    assert.equal(beginning.isMissed, false);
  });

  it('is seen when somebody looked all the time until the first line came', () => {
    const beginning = create();

    beginning.opened(startedAt + 300);
    beginning.silent(startedAt + 30 * minute, null);
    beginning.closed(startedAt + 60 * minute, null);
    beginning.opened(startedAt + 60 * minute + 200);
    beginning.began(startedAt + 90 * minute);

    assert.equal(beginning.isMissed, false);
  });

  it('may be missed when nobody looked for long before the first line that there is', () => {
    const beginning = create();

    beginning.opened(startedAt + 2 * minute);
    beginning.began(startedAt + minute);

    assert.equal(beginning.isMissed, true);
  });

  it('may be missed when nobody looked for long, and there was no line then', () => {
    const beginning = create();

    beginning.opened(startedAt + 300);
    beginning.closed(startedAt + 400, null);
    beginning.opened(startedAt + 2 * minute);
    beginning.closed(startedAt + 2 * minute, startedAt + minute);

    assert.equal(beginning.isMissed, true);
  });

  it('is seen of a container that ended soon and printed nothing, whenever it is looked at', () => {
    const beginning = create();

    beginning.opened(startedAt + 10 * minute);
    beginning.closed(startedAt + 10 * minute, startedAt + 900);

    assert.equal(beginning.isMissed, false);
  });

  it('is what an earlier agent saw of it', () => {
    const seenUntil = startedAt + 10 * minute;

    const seen = create({ earlier: { seenUntil, isMissed: false } });
    seen.opened(seenUntil + 2_000);
    seen.began(seenUntil + 20 * minute);

    assert.equal(seen.isMissed, false);
    assert.equal(create({ earlier: { seenUntil, isMissed: true }, isSettled: true }).isMissed, true);
  });
});
