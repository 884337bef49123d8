/** The Go types behind `inspect` of an image in Podman 5.4; see container.ts. */
import { as, type Basic, BOOL, embedded, int, map, pointer, STRING, slice, struct, TIME } from '../types.ts';
import { DRIVER, HEALTH_CONFIG } from './container.ts';

const STRINGS = slice(STRING);
const STRING_MAP = map(STRING);
const SET = map(struct('struct {}', {}));
const INT64 = int('int64');
const DIGEST: Basic = { kind: 'string', name: 'digest.Digest' };

const CONFIG = struct('v1.ImageConfig', {
  User: STRING,
  ExposedPorts: SET,
  Env: STRINGS,
  Entrypoint: STRINGS,
  Cmd: STRINGS,
  Volumes: SET,
  WorkingDir: STRING,
  Labels: STRING_MAP,
  StopSignal: STRING,
  ArgsEscaped: BOOL,
});

const HISTORY = struct('v1.History', {
  Created: as('created', pointer(TIME)),
  CreatedBy: as('created_by', STRING),
  Author: as('author', STRING),
  Comment: as('comment', STRING),
  EmptyLayer: as('empty_layer', BOOL),
});

const DATA = pointer(
  struct('inspect.ImageData', {
    ID: as('Id', STRING),
    Digest: DIGEST,
    RepoTags: STRINGS,
    RepoDigests: STRINGS,
    Parent: STRING,
    Comment: STRING,
    Created: pointer(TIME),
    Config: pointer(CONFIG),
    Version: STRING,
    Author: STRING,
    Architecture: STRING,
    Os: STRING,
    Size: INT64,
    VirtualSize: INT64,
    GraphDriver: DRIVER,
    RootFS: pointer(struct('inspect.RootFS', { Type: STRING, Layers: slice(DIGEST) })),
    Labels: STRING_MAP,
    Annotations: STRING_MAP,
    ManifestType: STRING,
    User: STRING,
    History: slice(HISTORY),
    NamesHistory: STRINGS,
    HealthCheck: as('Healthcheck', HEALTH_CONFIG),
  }),
);

/** One image. */
export const IMAGE = pointer(struct('types.ImageInspectReport', { ImageData: embedded(DATA) }));
