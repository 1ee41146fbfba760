import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from '../../../agent/pressure/gate.ts';

const rule = { limit: 20, wellAt: 10, closeAfterMs: 10, openAfterMs: 30 };

/** What the gate is after each value, which come five milliseconds apart. */
function lookAt(gate: Gate, values: readonly (number | null)[], from = 0): string {
  return values.map((value, index) => (gate.look(value, from + 5 * index) ? 'c' : 'o')).join('');
}

describe('a gate of admission', () => {
  it('closes when it was too much for long enough, not before', () => {
    assert.equal(lookAt(new Gate(rule), [19, 20, 90, 25, 25]), 'ooocc');
  });

  it('counts anew after each moment that was not too much', () => {
    assert.equal(lookAt(new Gate(rule), [90, 90, 19, 90, 90, null, 90, 90, 90]), 'ooooooooc');
  });

  it('opens when it was well for long enough, and does not swing between the limit and what is well', () => {
    const gate = new Gate(rule);
    assert.equal(lookAt(gate, [90, 90, 90]), 'ooc');

    const middling = lookAt(
      gate,
      Array.from({ length: 40 }, () => 11),
      15,
    );
    const well = lookAt(gate, [10, 9, 11, 10, 0, 0, 0, 0, 0, 0], 215);

    assert.equal(middling, 'c'.repeat(40));
    assert.equal(well, 'ccccccccco');
  });

  it('is not held closed by what is not known any more', () => {
    const gate = new Gate({ ...rule, closeAfterMs: 0, openAfterMs: 10 });

    assert.equal(lookAt(gate, [90, null, null, null]), 'ccco');
  });

  it('never closes without a limit', () => {
    assert.equal(lookAt(new Gate({ ...rule, limit: Infinity, wellAt: Infinity }), [100, 1e9, 100]), 'ooo');
  });
});
