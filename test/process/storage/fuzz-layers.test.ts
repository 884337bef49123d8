import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { BerthError } from '../../../src/model/errors.ts';
import { type UnpackedLayer, unpackLayer } from '../../../src/storage/unpack.ts';
import { scratch } from './archives.ts';
import { SEED, TIMES } from './fuzz-size.ts';
import { damage, type LayerCase, layerCase, tarOfCase } from './layer-cases.ts';
import { directoriesWith, eachNode, linesOfModel, linesOnDisk, withoutMadeUpTimes } from './layer-facts.ts';
import { type LayerModel, modelLayer, Refused } from './layer-model.ts';

/** Lays what layers would like to reach around the place where they are unpacked. Returns what asserts that it is untouched. */
function guarded(base: string): () => void {
  const guards = [base, join(base, 'layers')];
  for (const directory of guards) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'secret'), 'untouched', { mode: 0o600 });
  }
  const facts = (path: string) => {
    const { mode, uid, gid, nlink, size, mtimeMs, ctimeMs } = lstatSync(path);
    return [mode, uid, gid, nlink, size, mtimeMs, ctimeMs].join();
  };
  const look = () =>
    [facts(base), readdirSync(base).join(), ...guards.map((path) => facts(join(path, 'secret')))].join('\n');
  const before = look();
  return () => {
    assert.equal(look(), before);
    for (const path of guards) assert.equal(readFileSync(join(path, 'secret'), 'utf8'), 'untouched');
  };
}

function modelOf({ entries }: LayerCase): LayerModel | Refused {
  try {
    return modelLayer(entries);
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

/** A file takes another way when its content does not come at once: half of the layers come in pieces. */
function* inPieces(tar: Buffer): Generator<Buffer> {
  const size = (tar.length / 512) % 2 === 0 ? tar.length : 700;
  for (let offset = 0; offset < tar.length; offset += size) yield tar.subarray(offset, offset + size);
}

async function unpacked(tar: Buffer, directory: string): Promise<UnpackedLayer | BerthError> {
  try {
    return await unpackLayer(Readable.from(inPieces(tar), { objectMode: false }), directory);
  } catch (error) {
    assert.ok(error instanceof BerthError, (error as Error).stack);
    assert.doesNotMatch(error.message, /\n/, 'one line');
    assert.ok(error.message.length < 1000, error.message);
    return error;
  }
}

/** Attributes of everything below a directory, by path: one program's run for many layers. */
function attributesBelow(directory: string): Map<string, string[]> {
  const text = execFileSync(
    'getfattr',
    ['-R', '-P', '-h', '-d', '-m', '^(user|trusted)\\.', '-e', 'hex', '.'],
    {
      cwd: directory,
      encoding: 'latin1',
      maxBuffer: 1 << 28,
    },
  );
  const plain = (quoted: string) =>
    quoted.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
  return new Map(
    text
      .split('\n\n')
      .filter((record) => record.startsWith('# file: '))
      .map((record) => {
        const [head = '', ...lines] = record.trim().split('\n');
        return [plain(head.slice('# file: '.length)), lines.map(plain).sort()];
      }),
  );
}

function attributesOf(model: LayerModel, prefix: string): [string, string[]][] {
  const found: [string, string[]][] = [];
  eachNode(model.root, (path, node) => {
    if (node.kind === 'whiteout') return;
    const holder = node.kind === 'directory' ? node : node.inode;
    const all = {
      ...holder.xattrs,
      ...(node.kind === 'directory' && node.opaque ? { 'trusted.overlay.opaque': 'y' } : {}),
    };
    const lines = Object.entries(all).map(
      ([name, value]) => `${name}=0x${Buffer.from(value, 'latin1').toString('hex')}`,
    );
    if (lines.length > 0) found.push([`${prefix}${path}`, lines.sort()]);
  });
  return found;
}

const LAYERS = 20_000 * TIMES;
const BATCH = 250;

test(`${LAYERS} generated layers become exactly what they say, or are refused in one line; nothing outside is touched`, async (t) => {
  const base = scratch(t);
  const assertUntouched = guarded(base);
  const layers = join(base, 'layers');
  let number = 0;
  let refusals = 0;
  let expected: [string, string[]][] = [];
  const compareAttributes = () => {
    assert.deepEqual(attributesBelow(layers), new Map(expected));
    expected = [];
    for (const name of readdirSync(layers))
      if (name !== 'secret') rmSync(join(layers, name), { recursive: true });
  };
  const property = fc.asyncProperty(layerCase, async (layer) => {
    number += 1;
    const own = join(layers, String(number));
    const directory = join(own, 'diff');
    mkdirSync(directory, { recursive: true });
    const model = modelOf(layer);
    const result = await unpacked(tarOfCase(layer), directory);
    assertUntouched();
    if (model instanceof Refused || result instanceof BerthError) {
      refusals += 1;
      const told = result instanceof BerthError ? result.message : 'accepted';
      assert.ok(
        result instanceof BerthError && model instanceof Refused,
        `${told}, model: ${model instanceof Refused ? model.message : 'accepts'}`,
      );
      assert.equal(result.code, 'archive', result.message);
      rmSync(own, { recursive: true });
      return;
    }
    assert.deepEqual(readdirSync(own), ['diff'], 'helper nodes are gone');
    const lines = linesOfModel(model.root);
    assert.deepEqual(withoutMadeUpTimes(linesOnDisk(directory), lines), lines);
    assert.deepEqual(result.root, model.rootMeta);
    assert.deepEqual(
      result.implicit.sort(),
      directoriesWith(model.root, ({ implicit }) => implicit),
    );
    assert.deepEqual(
      result.opaque.sort(),
      directoriesWith(model.root, ({ opaque }) => opaque),
    );
    expected.push(...attributesOf(model, `${number}/diff`));
    if (number % BATCH === 0) compareAttributes();
  });
  await fc.assert(property, { numRuns: LAYERS, ...SEED });
  compareAttributes();
  assert.ok(refusals > LAYERS / 20 && refusals < LAYERS / 2, `${refusals} refusals: both happen often`);
});

test('of damaged and senseless tars every one is unpacked or refused in one line, and nothing outside is touched', async (t) => {
  const base = scratch(t);
  const assertUntouched = guarded(base);
  const own = join(base, 'layers', 'own');
  const garbage = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
  const damaged = fc
    .tuple(layerCase, fc.array(damage, { minLength: 1, maxLength: 3 }))
    .map(([layer, damages]) => damages.reduce((tar, change) => change(tar), tarOfCase(layer)));
  const tars = fc.oneof({ weight: 12, arbitrary: damaged }, { weight: 1, arbitrary: garbage });
  await fc.assert(
    fc.asyncProperty(tars, async (tar) => {
      mkdirSync(join(own, 'diff'), { recursive: true });
      await unpacked(tar, join(own, 'diff'));
      rmSync(own, { recursive: true });
      assertUntouched();
    }),
    { numRuns: 1000 * TIMES, ...SEED },
  );
});
