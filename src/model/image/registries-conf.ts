/**
 * registries.conf(5) as far as short names go: `unqualified-search-registries`, `short-name-mode` and `[aliases]`. Everything
 * else in it (mirrors, blocked and insecure registries) is read by skopeo itself. Pure.
 */
import { BerthError } from '../errors.ts';
import { type ConfFile, tomlSettings } from '../toml.ts';

export interface ShortNames {
  /** Full repository by short name, with the file that says so. */
  aliases: Record<string, { repository: string; file: string }>;
  searchRegistries: string[];
  /** The file that names the search registries, or would. */
  searchFile: string;
  /** What to do with a short name that several registries may have: try all of them, or refuse it. */
  mode: 'permissive' | 'enforcing' | 'disabled';
}

/** Of the main file and then its drop-ins in order; a later file's word replaces an earlier one's. Throws BerthError 'invalid'. */
export function shortNamesOf(files: readonly ConfFile[], mainFile: string): ShortNames {
  const result: ShortNames = { aliases: {}, searchRegistries: [], searchFile: mainFile, mode: 'permissive' };
  for (const file of files) {
    for (const { table, key, value } of tomlSettings(file, broken)) {
      if (table === '' && key === 'unqualified-search-registries' && Array.isArray(value)) {
        result.searchRegistries = value;
        result.searchFile = file.path;
      } else if (table === '' && key === 'short-name-mode' && typeof value === 'string') {
        result.mode = shortNameMode(value, file);
      } else if (table === 'aliases' && typeof value === 'string') {
        if (value === '') delete result.aliases[key];
        else result.aliases[key] = { repository: value, file: file.path };
      }
    }
  }
  return result;
}

function shortNameMode(text: string, file: ConfFile): ShortNames['mode'] {
  if (text === 'permissive' || text === 'enforcing' || text === 'disabled') return text;
  throw broken(file, `invalid short-name mode: ${JSON.stringify(text)}`);
}

function broken({ path }: ConfFile, why: string): BerthError {
  return new BerthError('invalid', `loading registries configuration ${JSON.stringify(path)}: ${why}`);
}
