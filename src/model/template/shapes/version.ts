/** The Go type behind `version`. */
import { int, pointer, STRING, struct } from '../types.ts';

/** `Bun` is Berth's own: it can be named, and is not printed with the whole. */
export const VERSION_FIELDS = struct(
  'define.Version',
  {
    APIVersion: STRING,
    Version: STRING,
    GoVersion: STRING,
    GitCommit: STRING,
    BuiltTime: STRING,
    Built: int('int64'),
    BuildOrigin: STRING,
    OsArch: STRING,
    Os: STRING,
  },
  { Bun: { type: STRING, get: ({ Bun }) => Bun } },
);

const HALF = pointer(VERSION_FIELDS);

/** `.Client` and, without a remote engine, a `.Server` that is nil. */
export const VERSION_REPORT = pointer(struct('types.SystemVersionReport', { Client: HALF, Server: HALF }));

/** What Podman tries when a template fails on the report: `{{.Version}}` for `{{.Client.Version}}`. */
export const VERSION_HALF = HALF;
