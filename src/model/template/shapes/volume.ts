/** The Go types behind `volume ls` and `volume inspect` in Podman 5.4; see container.ts. */
import { ANY, BOOL, embedded, INT, map, pointer, STRING, struct, TIME, uint } from '../types.ts';

const DATA = struct('define.InspectVolumeData', {
  Name: STRING,
  Driver: STRING,
  Mountpoint: STRING,
  CreatedAt: TIME,
  Status: map(ANY),
  Labels: map(STRING),
  Scope: STRING,
  Options: map(STRING),
  UID: INT,
  GID: INT,
  Anonymous: BOOL,
  MountCount: uint(),
  NeedsCopyUp: BOOL,
  NeedsChown: BOOL,
  Timeout: uint(),
  StorageID: STRING,
  LockNumber: uint('uint32'),
});

/** One volume. */
export const VOLUME = pointer(struct('entities.VolumeConfigResponse', { InspectVolumeData: embedded(DATA) }));
