import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../cli/program.ts';
import { findUnknownVariables } from '../../cli/unknown-variables.ts';
import { createContext } from '../support/run-command.ts';

const root = join(import.meta.dirname, '../..');
const names = [...globSync('*.md', { cwd: root }), ...globSync('docs/**/*.md', { cwd: root })].toSorted();
const pages = names.map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
/** What people read to use farhand as it is: not what was, and why. */
const guides = pages.filter(({ name }) => !name.startsWith('docs/decisions/') && name !== 'CHANGELOG.md');

const fences = /^( *)```(?<language>\w*)\n(?<text>.*?)^ *```$/gms;

/** Headings as they are linked to: https://github.com/gjtorikian/html-pipeline, the filter for tables of contents. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replaceAll(fences, '').matchAll(/^#+ +(.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/\]\([^)]*\)/g, '')
        .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function linksOf(text: string): readonly string[] {
  return [...text.replaceAll(fences, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Texts that a reader takes for code: in fences line by line, and between backticks. */
function codeOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(fences)].flatMap(({ groups }) =>
    ['', 'sh'].includes(groups?.['language'] ?? '') ? (groups?.['text'] ?? '').replaceAll('\\\n', ' ').split('\n') : [],
  );
  const inline = [...text.replaceAll(fences, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline];
}

/** The words behind `farhand` where a line of code calls it: no comment, no other command, no placeholder in brackets. */
function callOf(code: string): readonly string[] | null {
  const called = /^(?:\$ +)?(?:[A-Z_]+=\S* +)*(?:npx +)?farhand +(?<rest>[a-z-].*)$/.exec(code.trim())?.groups?.[
    'rest'
  ];
  if (called === undefined) return null;
  const [own = ''] = called.split(/ {2,}| [|>·#] |; |&& | {1}\.\.\./);
  return own.split(/\s+/).filter((word) => word !== '');
}

async function findCommand(words: readonly string[]): Promise<Command> {
  const [name = ''] = words;
  const program = await createProgram([name], createContext({}).context);
  const command = program.commands.find((one) => one.name() === name);
  assert.ok(command !== undefined, `there is no command ${name}`);
  const below = command.commands.find((one) => one.name() === words[1]);
  const isBare = command.commands.length === 0 || !/^[a-z]+$/.test(words[1] ?? '');
  assert.ok(
    below !== undefined || isBare || command.registeredArguments.length > 0 || words[1] === 'ready',
    `${name} has no ${words[1]}`,
  );
  return below ?? command;
}

function optionsOf(command: Command): ReadonlySet<string> {
  return new Set([
    '-h',
    '--help',
    ...command.options.flatMap(({ short, long, negate }) => [short, long, negate ? long : undefined].map(String)),
  ]);
}

describe('the documentation', () => {
  for (const { name, text } of pages) {
    it(`${name} links to what is there`, () => {
      for (const target of linksOf(text)) {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? join(root, name) : join(root, dirname(name), path);
        assert.ok(existsSync(file), `${name}: ${target}: there is no ${relative(root, file)}`);
        if (anchor !== undefined)
          assert.ok(anchorsOf(readFileSync(file, 'utf8')).has(anchor), `${name}: ${target}: there is no such heading`);
      }
    });
  }

  for (const { name, text } of guides) {
    it(`${name} names tests and files that are there`, () => {
      const paths = codeOf(text).filter((code) =>
        /^(?:(?:agent|bench|cli|client|deploy|docs|examples|hub|protocol|runtime|sync|test|transports)\/[\w./-]+|[\w./-]+\.test\.ts)$/.test(
          code,
        ),
      );
      for (const path of paths) {
        const places = [root, join(root, 'test'), join(root, 'test/faults'), join(root, dirname(name))];
        assert.ok(
          places.some((place) => existsSync(join(place, path))),
          `${name}: there is no ${path}`,
        );
      }
    });

    it(`${name} calls farhand as it can be called`, async () => {
      for (const code of codeOf(text)) {
        const words = callOf(code);
        if (words === null || words[0]?.startsWith('-') === true) continue;
        const command = await findCommand(words);
        const known = optionsOf(command);
        for (const word of words.filter((one) => /^-{1,2}[a-z]/.test(one)))
          assert.ok(known.has(word.split('=', 1)[0] ?? ''), `${name}: ${code}: ${command.name()} has no ${word}`);
      }
    });

    it(`${name} names metrics that are documented`, () => {
      const metrics = [...text.matchAll(/\bfarhand_(?:hub|agent)_[a-z_]+/g)].map(([found]) => found);
      const documented = pages.find((page) => page.name === 'docs/metrics.md')?.text ?? '';
      const ofRoles = ['farhand', 'farhand_agent', 'farhand_hub'].flatMap((role) =>
        [...readFileSync(join(root, `deploy/ansible/roles/${role}/defaults/main.yml`), 'utf8').matchAll(/^\w+/gm)].map(
          String,
        ),
      );

      for (const metric of metrics.filter((found) => !ofRoles.includes(found)))
        assert.ok(
          documented.includes(`\`${metric.replace(/_(?:bucket|count|sum)$/, '')}\``),
          `${name}: ${metric} is not in docs/metrics.md`,
        );
    });

    it(`${name} names variables that something reads`, () => {
      // What ends in `_` is a family.
      const variables = new Set(
        [...text.matchAll(/\bFARHAND_[A-Z_]+/g)].map(([found]) => found).filter((found) => !found.endsWith('_')),
      );

      assert.deepEqual(findUnknownVariables(Object.fromEntries([...variables].map((variable) => [variable, 'x']))), []);
    });
  }
});
