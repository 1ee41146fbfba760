import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventParser, type ParsedEvent } from '../../client/event-parser.ts';

function parseIn(pieces: readonly Uint8Array<ArrayBuffer>[]): ParsedEvent[] {
  const parser = new EventParser();
  return pieces.flatMap((piece) => [...parser.push(piece).events]);
}

describe('the parser of server-sent events', () => {
  it('reads what the standard says', () => {
    const text =
      '﻿: comment\r\n\r\nid: 1\ndata: one\ndata:two\r\rid\nevent: named\ndata: {"ü":1}\n\nevent: empty\n\nid: 2\0\ndata\n\n';
    const bytes = new Uint8Array(Buffer.from(text));

    assert.deepEqual(parseIn([bytes]), [
      { id: '1', event: 'message', data: 'one\ntwo' },
      { id: '', event: 'named', data: '{"ü":1}' },
      { id: null, event: 'message', data: '' },
    ]);
  });

  it('hears how long to wait, and where to go on from without an event', () => {
    const parser = new EventParser();

    const first = parser.push(new Uint8Array(Buffer.from('retry: 2500\nid: 7\n\nretry: soon\n')));
    const second = parser.push(new Uint8Array(Buffer.from('id: 8\n')));

    assert.deepEqual(first, { events: [], place: '7', retryMs: 2500 });
    assert.deepEqual(second, { events: [], place: null, retryMs: null });
  });

  it('reads the same wherever the bytes are cut', () => {
    const bytes = new Uint8Array(
      Buffer.from('id: 7\r\nevent: job.queued\r\ndata: {"name":"ünï"}\r\n\r\n: still here\n\nid: 8\ndata: x\n\n'),
    );
    const whole = parseIn([bytes]);

    assert.equal(whole.length, 2);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((place, index) => bytes.slice(places[index], place));
        assert.deepEqual(parseIn(pieces), whole);
      }),
    );
  });
});
