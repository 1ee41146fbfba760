import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hubUrlList } from '../../../runtime/configuration/hub-url-list.ts';

describe('addresses of a hub', () => {
  const ofAgents = hubUrlList(['ws', 'wss', 'grpc', 'grpcs']);

  it('say how the address that people use is written for an agent', () => {
    assert.equal(ofAgents.fromText('https://hub.example.org'), undefined);
    assert.match(ofAgents.expected, /ws:\/\/ for what people open as http:\/\/, wss:\/\/ for https:\/\//);
    assert.doesNotMatch(hubUrlList(['http', 'https', 'ws', 'wss']).expected, /people/);
  });

  it('have a pattern that takes what the format takes', () => {
    const pattern = new RegExp(String(ofAgents.schema?.['pattern']));

    for (const [text, isTaken] of [
      ['wss://hub.example.org', true],
      ['wss://hub.example.org/farhand, grpcs://hub.example.org:7400', true],
      ['ws://[::1]:7400', true],
      ['https://hub.example.org', false],
      ['wss://hub.example.org,https://hub.example.org', false],
      ['hub.example.org', false],
      ['wss://', false],
    ] as const) {
      assert.equal(pattern.test(text), isTaken, text);
      assert.equal(ofAgents.fromText(text) !== undefined, isTaken, text);
    }
  });
});
