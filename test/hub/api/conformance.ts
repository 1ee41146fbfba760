import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject } from '../../../protocol/json.ts';
import type { Answer } from './api-harness.ts';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, DescribedResponse>>;
}

interface DescribedResponse {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, unknown>>;
  readonly 'x-problem-codes'?: readonly string[];
}

/** Holds real answers against the description of the API. */
export interface Conformance {
  readonly operationIds: readonly string[];
  /** `operationId status`, of every answer that was checked. */
  readonly seen: ReadonlySet<string>;
  /** Fails when the answer is not described, or not as described. */
  check(method: string, path: string, answer: Answer): void;
  /** Fails when the value is not what the named schema says. */
  checkSchema(name: string, value: unknown): void;
}

export function createConformance(document: JsonObject): Conformance {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { uuid: isUuid, 'date-time': isTime } });
  ajv.addSchema({ ...document, $id: 'api' });
  const paths = document['paths'] as unknown as Record<string, Record<string, Operation>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const seen = new Set<string>();

  const validate = (pointer: readonly string[], value: unknown, what: string) => {
    const reference = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
    const check = ajv.getSchema(`api#/${reference.join('/')}`);
    assert.ok(check, `no schema at ${pointer.join(' ')}`);
    assert.ok(check(value), `${what}: ${JSON.stringify(check.errors)} in ${JSON.stringify(value).slice(0, 500)}`);
  };

  return {
    operationIds: operations.map(({ operation }) => operation.operationId),
    seen,
    check(method, path, answer) {
      const plain = path.split('?')[0] ?? '';
      const found = operations.find((one) => one.method === method.toLowerCase() && toPattern(one.path).test(plain));
      const what = `${method} ${path} gave ${answer.status} ${answer.text.slice(0, 200)}`;
      assert.ok(found, `${what}: no such operation is described`);
      const described = found.operation.responses[String(answer.status)];
      assert.ok(described, `${what}: the status is not described`);
      seen.add(`${found.operation.operationId} ${answer.status}`);

      const media = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
      assert.deepEqual(Object.keys(described.content ?? {}), media === '' ? [] : [media], what);
      for (const name of Object.keys(described.headers ?? {})) {
        if (name === 'Accept-Ranges' && path.includes('timestamps')) continue;
        assert.ok(answer.headers.has(name), `${what}: without ${name}`);
      }
      if (!media.endsWith('json')) return;
      const place = ['paths', found.path, found.method, 'responses', String(answer.status), 'content', media, 'schema'];
      validate(place, answer.json, what);
      const codes = described['x-problem-codes'];
      if (codes !== undefined) assert.ok(codes.includes(answer.json.code), `${what}: the code is not described`);
    },
    checkSchema: (name, value) => validate(['components', 'schemas', name], value, name),
  };
}

function toPattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);
}
