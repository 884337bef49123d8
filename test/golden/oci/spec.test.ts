/**
 * Each case's spec against its committed JSON (UPDATE_GOLDEN=1 rewrites), and against the schema of the OCI runtime
 * specification 1.2.0.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { execProcess } from '../../../src/oci/process.ts';
import { serializeSpec } from '../../../src/oci/serialize.ts';
import { generateSpec } from '../../../src/oci/spec.ts';
import { CASES, type Case, inputOf } from './cases.ts';

describe('golden OCI specs', () => {
  for (const test of CASES) {
    it(`writes the committed spec for ${test.name}`, () => {
      const file = new URL(`${test.name}.json`, import.meta.url);
      const actual = storedForm(test);
      if (process.env.UPDATE_GOLDEN === '1') {
        writeFileSync(file, actual);
      }
      assert.equal(actual, readFileSync(file, 'utf8'));
    });
  }
});

describe('the OCI runtime specification’s JSON schema', () => {
  const validate = schemaValidator();

  for (const test of CASES) {
    it(`accepts the spec for ${test.name}${test.complaints ? ', but for a known complaint' : ''}`, () => {
      assert.deepEqual(validate(specOf(test)), test.complaints ?? []);
    });
  }

  it('accepts a process for exec in place of the container’s', () => {
    const input = inputOf(CASES[0] as Case);
    const spec = generateSpec(input);
    const process = execProcess(input.config, spec.process, { args: ['id'], env: ['A=1'], terminal: true });
    assert.deepEqual(validate(JSON.parse(serializeSpec({ ...spec, process }))), []);
  });

  it('refuses a wrong type, a missing part and a field that the specification does not have', () => {
    const good = specOf(CASES[0] as Case);
    const wrong: Record<string, unknown>[] = [
      { ...good, process: { ...good.process, cwd: 7 } },
      { ...good, process: { ...good.process, cwd: undefined } },
      { ...good, linux: { ...good.linux, maskedPath: [] } },
      { ...good, linux: { ...good.linux, seccomp: { ...good.linux.seccomp, defaultAction: 'DENY' } } },
      { ...good, mounts: [{ destination: '/x', option: [] }] },
    ];
    for (const spec of wrong) {
      assert.notDeepEqual(validate(JSON.parse(JSON.stringify(spec))), []);
    }
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a parsed document, to be taken apart at will
function specOf(test: Case): any {
  return JSON.parse(serializeSpec(generateSpec(inputOf(test))));
}

/** The profile's rules are long and the same for nearly all: they are kept where the case is about them. */
function storedForm(test: Case): string {
  const spec = specOf(test);
  if (test.seccomp !== true && spec.linux.seccomp !== undefined) {
    spec.linux.seccomp = 'left out';
  }
  return `${JSON.stringify(spec, undefined, 2)}\n`;
}

/** Returns the complaints about a document. */
function schemaValidator(): (document: unknown) => string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const folder = new URL('schema/', import.meta.url);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const schema = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    ajv.addSchema(closed(schema), file);
  }
  const check = ajv.getSchema('config-schema.json');
  assert.ok(check);
  return (document) => {
    check(document);
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

/**
 * The schema leaves objects open, so a misspelt field would pass: every object that lists its properties is closed
 * here. `$schema` goes because Ajv has no draft 4; these files use nothing in which the drafts differ.
 */
// biome-ignore lint/suspicious/noExplicitAny: JSON schema is any JSON
function closed(schema: any): any {
  if (Array.isArray(schema)) {
    return schema.map(closed);
  }
  if (typeof schema !== 'object' || schema === null) {
    return schema;
  }
  const copy = Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== '$schema')
      .map(([key, value]) => [key, closed(value)]),
  );
  return copy.type === 'object' && copy.properties !== undefined && copy.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
