/** --format as commands use it: JSON, their own table, templates; and nothing printed when a template is wrong. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Formatted, printFormatted } from '../../../src/cli/format.ts';
import { BerthError } from '../../../src/model/errors.ts';
import { CONTAINER, INSPECT_ALIASES } from '../../../src/model/template/shapes/container.ts';
import { VERSION_HALF, VERSION_REPORT } from '../../../src/model/template/shapes/version.ts';
import { ANY } from '../../../src/model/template/types.ts';

function printed(formatted: Formatted): string {
  let out = '';
  printFormatted((text) => {
    out += text;
  }, formatted);
  return out;
}

const rows = (format: string | undefined, noHeading = false): Formatted => ({
  kind: 'rows',
  name: 'ps',
  format,
  table: '{{.ID}}\t{{.Names}}',
  headers: { ID: 'CONTAINER ID', Names: 'NAMES' },
  rows: [
    { ID: 'aaa', Names: 'one' },
    { ID: 'bbb', Names: 'two' },
  ],
  type: ANY,
  noHeading,
  json: () => [{ Id: 'aaa' }],
});

describe('rows', () => {
  it('have their own table without a format', () => {
    assert.equal(printed(rows(undefined)), 'CONTAINER ID  NAMES\naaa           one\nbbb           two\n');
    assert.equal(printed(rows(undefined, true)), 'aaa         one\nbbb         two\n');
  });

  it('have headings in a table of one’s own, and none in a plain template', () => {
    assert.equal(printed(rows('table {{.Names}}')), 'NAMES\none\ntwo\n');
    assert.equal(printed(rows('table {{.Names}}', true)), 'one\ntwo\n');
    assert.equal(printed(rows('{{.Names}}')), 'one\ntwo\n');
  });

  it('are one JSON document for json, and a line each for {{json .}}', () => {
    assert.equal(printed(rows('json')), '[\n  {\n    "Id": "aaa"\n  }\n]\n');
    assert.equal(printed(rows('{{json .}}')), '{"ID":"aaa","Names":"one"}\n{"ID":"bbb","Names":"two"}\n');
  });

  it('print nothing but the error of a wrong template', () => {
    const written: string[] = [];
    assert.throws(
      () => printFormatted((text) => written.push(text), rows('{{.Names}} {{.Nope}}')),
      (error) =>
        error instanceof BerthError &&
        error.exitCode === 125 &&
        error.message.startsWith('template: ps:1:24: executing "ps" at <.Nope>'),
    );
    assert.deepEqual(written, []);
  });
});

describe('objects', () => {
  const object = {
    Id: 'abc',
    Name: 'one',
    Mounts: [{ Source: '/a', Destination: '/b' }],
    Unit: 'berth-one.service',
  };
  const inspect = (format: string): string =>
    printed({
      kind: 'objects',
      name: 'inspect',
      format,
      objects: [{ object, type: CONTAINER }, { object: { Name: 'image' } }],
      aliases: INSPECT_ALIASES,
    });

  it('go through the template one by one, whatever their types', () => {
    assert.equal(inspect('{{.Name}}'), 'one\nimage\n');
  });

  it('have Docker’s names and Berth’s own fields', () => {
    const one = (format: string): string =>
      printed({
        kind: 'objects',
        name: 'inspect',
        format,
        objects: [{ object, type: CONTAINER }],
        aliases: INSPECT_ALIASES,
      });
    assert.equal(
      one('{{.Id}} {{json .Id}} {{.Unit}} {{range .Mounts}}{{.Src}}:{{.Dst}}{{end}}'),
      'abc "abc" berth-one.service /a:/b\n',
    );
  });

  it('are an array for json', () => {
    assert.deepEqual(JSON.parse(inspect('json')), [object, { Name: 'image' }]);
  });
});

describe('one object', () => {
  const report = { Client: { Version: '1.0', OsArch: 'linux/amd64' } };
  const version = (format: string): string =>
    printed({
      kind: 'object',
      name: 'version',
      format,
      object: report,
      type: VERSION_REPORT,
      fallback: { format: format.replaceAll('.Server.', '.'), object: report.Client, type: VERSION_HALF },
    });

  it('is taken as a whole, then by its half', () => {
    assert.equal(version('{{.Client.Version}}'), '1.0\n');
    assert.equal(version('{{.Version}} {{.OsArch}}'), '1.0 linux/amd64\n');
    assert.equal(version('{{.Server}}'), '<nil>\n');
    assert.equal(version('{{.Server.Version}}'), '1.0\n');
    assert.throws(() => version('{{.Foo}}'), /can't evaluate field Foo in type \*define\.Version/);
    assert.throws(() => version('{{foo}}'), /function "foo" not defined/);
  });

  it('is a JSON object for json', () => {
    assert.deepEqual(JSON.parse(version('json')), report);
  });
});
