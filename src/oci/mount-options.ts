/**
 * Mount options as a person writes them after `-v` and `--tmpfs` → what the runtime is given. Defaults are added,
 * contradictions refused; texts are Podman's.
 */
import { BerthError } from '../model/errors.ts';
import { isIdmapOption, shownOwners } from '../model/user-namespace/idmap-option.ts';
import { isVolumeOption } from '../model/volume/volume.ts';

/** Options of which a mount has at most one. */
const ACCESS = ['rw', 'ro'];
const PROPAGATION = [
  'shared',
  'rshared',
  'private',
  'rprivate',
  'slave',
  'rslave',
  'unbindable',
  'runbindable',
];
const BIND = ['bind', 'rbind'];
const RELABEL = ['z', 'Z'];
/** What the runtime has no part in: done before, at the source. */
const OURS = [...RELABEL, 'O', 'U', 'copy', 'nocopy'];
/** A symbolic link is shown itself, not what it leads to; crun's name for it. runc does not know it, and follows the link. */
const LINK = ['no-dereference', 'copy-symlink'] as const;
/** The image's files are needed no more, or nothing is made that is missing: of volumes alone. */
const OF_VOLUMES = ['nocreate'];
/** Where an overlay writes. */
const OVERLAY_DIRECTORY = /^(upperdir|workdir)=(.*)$/;
const COPY_UP = ['tmpcopyup', 'notmpcopyup'];
/** Flag pairs: what forbids, what allows. */
const FLAGS = [
  ['noexec', 'exec'],
  ['nosuid', 'suid'],
  ['nodev', 'dev'],
] as const;
/** Of tmpfs(5). Podman knows size, mode and noswap. */
const TMPFS_DATA = /^((size|mode|uid|gid|nr_inodes)=.+|noswap|noatime)$/;

/** Sets of which a bind mount has one member at most, and their name in an error. */
const BIND_CHOICES: [readonly string[], string][] = [
  [ACCESS, "'rw' or 'ro' option"],
  [[...RELABEL, 'O'], "'z', 'Z', or 'O' option"],
  [['U'], "'U' option"],
  [['copy', 'nocopy'], "'copy' or 'nocopy' option"],
  [OF_VOLUMES, "'nocreate' option"],
  [PROPAGATION, "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable' option"],
  [BIND, "'[r]bind' option"],
  ...FLAGS.map((pair): [readonly string[], string] => [pair, `'${pair.join("' or '")}' option`]),
];
const TMPFS_CHOICES: (readonly string[])[] = [ACCESS, COPY_UP, ...FLAGS];

/**
 * Options of a bind mount, or of a volume or image, which are bind mounts to the runtime: `rw`, `rprivate` and `rbind`
 * unless others are given, and of the mount that the source lies on `nosuid`, `nodev`, `noexec` unless the opposite is
 * asked for, so that a remount does not take them away. `z` and `Z` (SELinux relabelling) are accepted and mean nothing on
 * a host without SELinux.
 * @throws BerthError `usage`
 */
export function bindOptions(
  given: readonly string[],
  sourceFlags: readonly string[] = [],
  { isVolume = false } = {},
): string[] {
  const overlaid = given.includes('O');
  for (const option of given) {
    const known =
      isIdmapOption(option) ||
      (isVolume && isVolumeOption(option)) ||
      [
        ...[...ACCESS, ...PROPAGATION, ...BIND, ...FLAGS.flat(), ...OURS, LINK[0]],
        ...(isVolume ? OF_VOLUMES : []),
      ].includes(option);
    if (known || (overlaid && OVERLAY_DIRECTORY.test(option))) continue;
    if (OVERLAY_DIRECTORY.test(option))
      throw new BerthError('usage', `unknown mount option ${JSON.stringify(option)}: invalid mount option`);
    throw new BerthError('usage', `invalid option type "${option}": berth-create(1) lists those of --volume`);
  }
  for (const [choices, name] of BIND_CHOICES) {
    const chosen = chosenFrom(given, choices);
    if (chosen.length > 1) {
      throw new BerthError('usage', `invalid options "${chosen.join(', ')}", can only specify 1 ${name}`);
    }
  }
  if (overlaid) checkOverlay(given);
  if (given.filter(isIdmapOption).length > 1)
    throw new BerthError('usage', "the 'idmap' option can only be set once: duplicate mount option passed");
  // Checked here; what it asks for is mounted by storage, and the runtime is given that mount.
  shownOwners(given, undefined);
  return shownBindOptions(given, sourceFlags)
    .filter((option) => !isOurs(option))
    .map((option) => (option === LINK[0] ? LINK[1] : option));
}

function isOurs(option: string): boolean {
  return (
    [...OURS, ...OF_VOLUMES].includes(option) ||
    OVERLAY_DIRECTORY.test(option) ||
    isIdmapOption(option) ||
    isVolumeOption(option)
  );
}

/** Options of a ramfs: only what was asked for, as Podman's. What relabels it is left out: it has no label before it is there. */
export function ramfsOptions(given: readonly string[]): string[] {
  return given.filter((option) => !RELABEL.includes(option));
}

/** Where an overlay that was asked for with `O` writes; undefined: in a place of the container's, thrown away at its end. */
export function overlayDirectories(
  given: readonly string[],
): { upperdir: string; workdir: string } | undefined {
  const found = Object.fromEntries(
    given.flatMap((option) => {
      const [, key = '', value = ''] = OVERLAY_DIRECTORY.exec(option) ?? [];
      return key === '' ? [] : [[key, value]];
    }),
  ) as { upperdir?: string; workdir?: string };
  const { upperdir, workdir } = found;
  return upperdir === undefined || workdir === undefined ? undefined : { upperdir, workdir };
}

function checkOverlay(given: readonly string[]): void {
  const directories = given.filter((option) => OVERLAY_DIRECTORY.test(option));
  if (given.some((option) => option !== 'O' && option !== 'U' && !directories.includes(option)))
    throw new BerthError('usage', "can't use 'O' with other options");
  if (directories.length === 0) return;
  if (directories.length > 2 || overlayDirectories(given) === undefined)
    throw new BerthError('usage', 'must specify both upperdir and workdir');
  for (const option of directories)
    if (!/=\//.test(option))
      throw new BerthError('usage', `${option}: an overlay's directory must be an absolute path`);
}

/** The same of options that are known to be right, with those that the runtime is not given, as `inspect` shows them. */
export function shownBindOptions(given: readonly string[], sourceFlags: readonly string[] = []): string[] {
  return [
    ...given,
    ...unlessChosen(given, ACCESS, 'rw'),
    ...unlessChosen(given, PROPAGATION, given.includes('bind') ? 'private' : 'rprivate'),
    ...FLAGS.filter(([no]) => sourceFlags.includes(no)).flatMap((pair) => unlessChosen(given, pair, pair[0])),
    ...unlessChosen(given, BIND, 'rbind'),
  ];
}

/**
 * Options of a tmpfs: `rw`, `rprivate`, `nosuid`, `nodev` unless others are given, and `tmpcopyup` (the image's files
 * at that place are copied in) unless `notmpcopyup`. With `U` it is the user's.
 * @throws BerthError `usage`
 */
export function tmpfsOptions(
  given: readonly string[],
  user: { uid: number; gid: number } = { uid: 0, gid: 0 },
): string[] {
  const relabel = given.find((option) => RELABEL.includes(option));
  if (relabel !== undefined) {
    throw new BerthError(
      'usage',
      "the 'z' and 'Z' options are not allowed with tmpfs mounts: invalid mount option",
    );
  }
  for (const option of given) {
    const known =
      isIdmapOption(option) ||
      TMPFS_DATA.test(option) ||
      [...ACCESS, ...PROPAGATION, ...COPY_UP, ...FLAGS.flat(), 'U'].includes(option);
    if (!known) {
      throw new BerthError('usage', `unknown mount option "${option}": invalid mount option`);
    }
  }
  for (const pair of TMPFS_CHOICES) {
    if (chosenFrom(given, pair).length > 1) {
      throw new BerthError(
        'usage',
        `only one of '${pair.join("' and '")}' can be used: duplicate mount option passed`,
      );
    }
  }
  return [
    // A tmpfs belongs to the container's IDs anyway.
    ...without(given, ['notmpcopyup', 'U']).filter((option) => !isIdmapOption(option)),
    ...(given.includes('U') ? [`uid=${user.uid}`, `gid=${user.gid}`] : []),
    ...unlessChosen(given, ACCESS, 'rw'),
    ...unlessChosen(given, PROPAGATION, 'rprivate'),
    ...unlessChosen(given, ['suid', 'nosuid'], 'nosuid'),
    ...unlessChosen(given, ['dev', 'nodev'], 'nodev'),
    ...unlessChosen(given, COPY_UP, 'tmpcopyup'),
  ];
}

function chosenFrom(given: readonly string[], choices: readonly string[]): string[] {
  return given.filter((option) => choices.includes(option));
}

function unlessChosen(given: readonly string[], choices: readonly string[], fallback: string): string[] {
  return chosenFrom(given, choices).length > 0 ? [] : [fallback];
}

function without(given: readonly string[], dropped: readonly string[]): string[] {
  return given.filter((option) => !dropped.includes(option));
}
