/** Generated layers: few names, so that entries meet, and all the ways in which a tar can write them down. */
import fc from 'fast-check';
import { seal } from './archives.ts';
import type { CaseEntry, EntryKind } from './layer-model.ts';
import { END_OF_TAR, gnuBlocks, paxBlocks, rawBlocks } from './raw-tar.ts';

/** How names are written: in the header's field, as a PAX record, or in GNU's way; and files as sparse ones without holes. */
type Dialect = 'field' | 'pax' | 'gnu' | 'sparse';

export interface LayerCase {
  entries: (CaseEntry & { dialect: Dialect })[];
}

/** What mostly is a directory, so that most layers are accepted. */
const PARENTS = ['p', 'q', 'p r'];
const LEAVES = ['a', 'b', 'c', 'd'];
const ODD = ['n\nl', '\xff\xfe', '\xc3\xa4', ' -x', '"\\', `${'l'.repeat(120)}`];
const HOSTILE = [
  '..',
  '.',
  '',
  '.wh.',
  '.wh..',
  '.wh...',
  '.wh..wh..opq',
  '.wh..wh.plnk',
  'z'.repeat(300),
  'e\0f',
];

const parent = fc.constantFrom(...PARENTS);
const component = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...LEAVES) },
  { weight: 5, arbitrary: parent },
  { weight: 1, arbitrary: fc.constantFrom(...ODD) },
);
/** Now and then something else is the parent. */
const parents = fc.array(fc.oneof({ weight: 40, arbitrary: parent }, { weight: 1, arbitrary: component }), {
  maxLength: 2,
});
const lastPart = (prefix: string) =>
  fc.tuple(parents, component).map(([parts, last]) => [...parts, `${prefix}${last}`].join('/'));
const path = lastPart('');
const opaque = parents.map((parts) => [...parts, '.wh..wh..opq'].join('/'));
const hostilePath = fc
  .array(fc.oneof(component, fc.constantFrom(...HOSTILE)), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));

/** The same path in other words. */
const wording = fc.oneof(
  { weight: 6, arbitrary: fc.constant((text: string) => text) },
  { weight: 1, arbitrary: fc.constant((text: string) => `./${text}`) },
  { weight: 1, arbitrary: fc.constant((text: string) => `/${text}`) },
  { weight: 1, arbitrary: fc.constant((text: string) => text.replaceAll('/', '//./')) },
);

/** Where symlinks point: at names of the layer, and out of it. */
const target = fc.oneof(
  path,
  path.map((text) => `../${text}`),
  fc.constantFrom('..', '../..', '../../secret', '../../..', '/', '/etc', 'a/b', '.', '../diff/a'),
);

const KINDS: EntryKind[] = ['file', 'directory', 'symlink', 'link'];
const NODES: EntryKind[] = ['fifo', 'char', 'block'];

const mtime = fc.oneof(
  { weight: 97, arbitrary: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 4_000_000_000_000 }) },
  { weight: 2, arbitrary: fc.constantFrom(-1000, 2 ** 35 * 1000) },
);
const owner = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 1000) },
  { weight: 2, arbitrary: fc.constantFrom(65_536, 2 ** 21, 4_000_000_000, 2 ** 32 - 2) },
);
/** xattr(7): user attributes are for files and directories. */
const XATTRS = ['trusted.t', 'user.u', 'trusted.overlay.redirect', 'trusted.\xff'];

/** @param spice how many of a hundred entries are of the kinds that cost a program's run, and how many attack. */
function entryOf(spice: { nodes: number; attacks: number }): fc.Arbitrary<CaseEntry & { dialect: Dialect }> {
  const honest = fc.record({
    kind: fc.oneof(
      { weight: 100 - spice.nodes, arbitrary: fc.constantFrom(...KINDS) },
      { weight: spice.nodes, arbitrary: fc.constantFrom(...NODES) },
    ),
    name: fc.oneof(
      { weight: 100 - spice.nodes - spice.attacks, arbitrary: path },
      { weight: spice.nodes, arbitrary: fc.oneof(lastPart('.wh.'), opaque) },
      { weight: spice.attacks, arbitrary: hostilePath },
    ),
    target,
    body: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('', 'x', 'content') },
      { weight: 1, arbitrary: fc.integer({ min: 500, max: 1030 }).map((length) => 'y'.repeat(length)) },
    ),
    mode: fc.oneof(fc.constantFrom(0o644, 0o755, 0o4711, 0o1777), fc.integer({ min: 0, max: 0o7777 })),
    uid: owner,
    gid: owner,
    mtime,
    device: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom<[number, number]>([1, 3], [8, 0], [4095, 1_048_575]) },
      { weight: 1, arbitrary: fc.constantFrom<[number, number]>([0, 0], [4096, 0], [0, 1_048_576], [-2, 0]) },
    ),
    xattrs: fc.oneof(
      { weight: 100 - spice.nodes, arbitrary: fc.constant({}) },
      {
        weight: spice.nodes,
        arbitrary: fc.dictionary(fc.constantFrom(...XATTRS), fc.constantFrom('v', '\0\xff\n=')),
      },
    ),
    dialect: fc.constantFrom<Dialect>('field', 'pax', 'gnu', 'sparse'),
    wording,
  });
  const attack = fc.record({ uid: fc.constantFrom(-2, 2 ** 32 - 1, 2 ** 32), target: hostilePath });
  return fc
    .tuple(
      honest,
      fc.option(attack, { freq: Math.max(1, Math.round(200 / (spice.attacks + 1))), nil: undefined }),
    )
    .map(([{ wording, ...entry }, attacking]) => ({
      ...entry,
      name: wording(entry.name),
      ...(attacking !== undefined && spice.attacks > 0
        ? entry.mode % 2 === 0
          ? { uid: attacking.uid }
          : { target: attacking.target }
        : {}),
    }));
}

const layerOf = (spice: { nodes: number; attacks: number }): fc.Arbitrary<LayerCase> =>
  fc.array(fc.tuple(entryOf(spice), fc.nat(99)), { minLength: 1, maxLength: 12 }).map((steered) => {
    const entries: LayerCase['entries'] = [];
    for (const [entry, chance] of steered) entries.push(sensible(entry, entries, chance));
    return { entries };
  });

/** Nine times out of ten, what a builder would write: parents are directories, hard links lead to an earlier file. */
function sensible(
  entry: LayerCase['entries'][number],
  earlier: LayerCase['entries'],
  chance: number,
): LayerCase['entries'][number] {
  if (chance < 10) return entry;
  if (PARENTS.some((name) => entry.name.endsWith(name))) return { ...entry, kind: 'directory' };
  const kind = entry.kind === 'directory' ? 'file' : entry.kind;
  if (kind !== 'link') return { ...entry, kind };
  const files = earlier.filter((other) => other.kind !== 'directory' && !other.name.includes('.wh.'));
  const file = files[chance % (files.length || 1)];
  return file === undefined || file.name === entry.name
    ? { ...entry, kind: 'file' }
    : { ...entry, kind, target: file.name };
}

/** Every kind of layer. Most have nothing that costs a program's run, so that there can be many. */
export const layerCase: fc.Arbitrary<LayerCase> = fc.oneof(
  { weight: 14, arbitrary: layerOf({ nodes: 0, attacks: 0 }) },
  { weight: 4, arbitrary: layerOf({ nodes: 0, attacks: 6 }) },
  { weight: 2, arbitrary: layerOf({ nodes: 12, attacks: 0 }) },
  { weight: 1, arbitrary: layerOf({ nodes: 12, attacks: 3 }) },
);

const TYPES: Record<EntryKind, string> = {
  file: '0',
  link: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

export function tarOfCase({ entries }: LayerCase): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), END_OF_TAR]);
}

function blocksOf(entry: LayerCase['entries'][number]): Buffer[] {
  const { kind, name, target, mode, uid, gid, mtime, device } = entry;
  const linkname = kind === 'symlink' || kind === 'link' ? target : '';
  // What does not fit into its field has to be written in another way.
  const inField = (text: string) => text.length <= 100 && !text.includes('\0');
  const records: Record<string, string> = {};
  const blocks: Buffer[] = [];
  if (entry.dialect === 'pax' || name.includes('\0')) records.path = name;
  else if (entry.dialect === 'gnu' || !inField(name)) blocks.push(gnuBlocks('L', name));
  if (linkname !== '' && (entry.dialect === 'pax' || linkname.includes('\0'))) records.linkpath = linkname;
  else if (!inField(linkname)) blocks.push(gnuBlocks('K', linkname));
  if (entry.dialect === 'pax') {
    records.uid = String(uid);
    if (mtime % 1000 !== 0) records.mtime = (mtime / 1000).toFixed(3);
  }
  if (entry.dialect !== 'pax' && mtime % 1000 !== 0) records.mtime = (mtime / 1000).toFixed(3);
  for (const [key, value] of Object.entries(entry.xattrs)) records[`SCHILY.xattr.${key}`] = value;
  let content = Buffer.from(kind === 'file' && !name.endsWith('/') ? entry.body : '', 'latin1');
  if (entry.dialect === 'sparse' && content.length > 0) {
    const half = content.length >> 1;
    const map = Buffer.alloc(512);
    map.write(`2\n0\n${half}\n${half}\n${content.length - half}\n`);
    Object.assign(records, { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': name });
    records['GNU.sparse.realsize'] = String(content.length);
    content = Buffer.concat([map, content]);
  }
  if (Object.keys(records).length > 0) blocks.push(paxBlocks(records));
  const [major, minor] = device;
  blocks.push(
    rawBlocks(
      {
        // A slash at the end of the field makes a directory of a file, whatever the long name says.
        name: inField(name) ? name : name.endsWith('/') ? 'short/' : 'short',
        type: TYPES[kind],
        linkname: inField(linkname) ? linkname : 'short',
        mode,
        uid,
        gid,
        mtime: Math.floor(mtime / 1000),
        major,
        minor,
      },
      content,
    ),
  );
  return blocks;
}

/** Layers of which nothing is refused for its own sake: what they make together is the question. */
export const stackedLayer: fc.Arbitrary<LayerCase> = layerOf({ nodes: 20, attacks: 0 });

/** What happens to a tar on its way: cut off, a byte changed, a block doubled, dropped or moved, a number field overwritten. */
export type Damage = (tar: Buffer) => Buffer;

const FIELDS = [
  [100, 8],
  [108, 8],
  [124, 12],
  [136, 12],
  [329, 8],
] as const;
const NUMBERS = [
  '77777777777',
  '-0000000001',
  '            ',
  'ffffffffffff',
  '\x80\0\0\0\0\0\0\0\0\0\0\x01',
  `\x80${'\xff'.repeat(11)}`,
  `\x80\0\0\0\0\x7f${'\xff'.repeat(6)}`,
  '\xff'.repeat(12),
  `\xff${'\0'.repeat(11)}`,
];

export const damage: fc.Arbitrary<Damage> = fc
  .record({
    how: fc.constantFrom('cut', 'byte', 'double', 'drop', 'number', 'number', 'type', 'append'),
    where: fc.nat(1_000_000),
    byte: fc.nat(255),
    field: fc.constantFrom(...FIELDS),
    text: fc.constantFrom(...NUMBERS),
  })
  .map(({ how, where, byte, field: [offset, width], text }) => (tar: Buffer) => {
    if (tar.length < 512) return tar;
    const at = (where % Math.floor(tar.length / 512)) * 512;
    const block = tar.subarray(at, at + 512);
    switch (how) {
      case 'cut':
        return tar.subarray(0, where % tar.length);
      case 'byte':
        tar[where % tar.length] = byte;
        return tar;
      case 'double':
        return Buffer.concat([tar.subarray(0, at), block, tar.subarray(at)]);
      case 'drop':
        return Buffer.concat([tar.subarray(0, at), tar.subarray(at + 512)]);
      case 'append':
        return Buffer.concat([tar, Buffer.alloc(byte * 3, byte)]);
      default:
        if (how === 'type') block[156] = byte;
        else block.write(text.slice(0, width), offset, 'latin1');
        if (block.includes('ustar')) seal(block);
        return tar;
    }
  });
