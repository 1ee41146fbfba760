import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseTemplate } from '../../../agent/automations/template.ts';

function show(source: string): string[] {
  return parseTemplate(source).map((part) => (part.type === 'text' ? part.text : `<${part.reference.path.join('|')}>`));
}

suite('template', () => {
  test('finds references anywhere in a text', () => {
    assert.deepEqual(show('--name=${parameters.user.name}!'), ['--name=', '<parameters|user|name>', '!']);
    assert.deepEqual(show('${job.id}${attempt.number}'), ['<job|id>', '<attempt|number>']);
    assert.deepEqual(show('${parameters}'), ['<parameters>']);
  });

  test('takes the key of a label whole', () => {
    assert.deepEqual(show('${agent.labels.example.org/rack.x}'), ['<agent|labels|example.org/rack.x>']);
  });

  test('leaves what a shell would read', () => {
    for (const text of ['${HOME}', '${1:-x}', '${x%%.*}', '${x-.y}', '$(id)', '${', '${parameters.x', '${}', '$x.y']) {
      assert.deepEqual(show(text), [text]);
    }
  });

  test('reads $${ as ${', () => {
    assert.deepEqual(show('a $${parameters.x} b'), ['a ${parameters.x} b']);
  });

  test('keeps every text without braces as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = text.replaceAll('{', '');
        assert.equal(show(plain).join(''), plain);
      }),
    );
  });
});
