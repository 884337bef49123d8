/**
 * The schema, as the list of steps that made it. A step is never edited once it has been released; a change is
 * a new step. `PRAGMA user_version` counts the steps done.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- config: fixed at create. state: what changes. Both JSON; see src/model/config.ts and state.ts.
  CREATE TABLE container (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    config TEXT NOT NULL,
    state TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- One row per start, kept when the container is gone, so that "wait" can still answer.
  CREATE TABLE exit_record (
    id TEXT NOT NULL,
    start_number INTEGER NOT NULL,
    exit_code INTEGER NOT NULL CHECK (exit_code BETWEEN -1 AND 255),
    oom_killed INTEGER NOT NULL,
    finished_at TEXT NOT NULL,
    PRIMARY KEY (id, start_number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE health (
    id TEXT PRIMARY KEY REFERENCES container (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    failing_streak INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE health_log (
    id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    exit_code INTEGER NOT NULL,
    output TEXT NOT NULL,
    PRIMARY KEY (id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    image TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;

  CREATE TABLE image (
    id TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    digest TEXT,
    imported_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE image_name (
    name TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_name_by_image ON image_name (image_id);

  CREATE TABLE image_layer (
    image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    diff_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (image_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_layer_by_diff ON image_layer (diff_id);
  `,
  `
  -- Which container needs which, from their configs (src/model/namespace.ts): asked by rm, start and create.
  CREATE TABLE dependency (
    id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    needs TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (id, needs),
    CHECK (id <> needs)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dependency_by_needs ON dependency (needs);
  `,
  `
  -- How often people have mounted a container's root; nothing here outlives a boot.
  CREATE TABLE mount_count (
    id TEXT PRIMARY KEY REFERENCES container (id) ON DELETE CASCADE,
    count INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Processes that read or write in a container's root right now (export, cp).
  CREATE TABLE mount_holder (
    id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    pid INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    PRIMARY KEY (id, pid, start_time)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Exec sessions that run: each lives as long as the process named here, the exec command or its conmon.
  CREATE TABLE exec_session (
    id TEXT PRIMARY KEY,
    container_id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    pid INTEGER NOT NULL,
    start_time INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX exec_session_by_container ON exec_session (container_id);
  `,
  `
  -- How far the startup check has come; null when there is none, or when it has passed.
  ALTER TABLE health ADD COLUMN startup_failures INTEGER;
  ALTER TABLE health ADD COLUMN startup_successes INTEGER;
  `,
  `
  -- document: the config as it came, of which the ID is the digest; null for images stored before this step.
  ALTER TABLE image ADD COLUMN document TEXT;
  -- In which order an image got its names, and which it ever had.
  ALTER TABLE image_name ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE image_past_name (
    image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (image_id, name)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO image_past_name (image_id, name, seq) SELECT image_id, name, 0 FROM image_name;

  -- How often people have mounted an image; nothing here outlives a boot.
  CREATE TABLE image_mount (
    id TEXT PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    count INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Layers that a process is about to give to an image, or reads: they stay as long as it lives.
  CREATE TABLE layer_hold (
    diff_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    PRIMARY KEY (diff_id, pid, start_time)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The list of manifests that an image was pulled by, if it came from one.
  ALTER TABLE image ADD COLUMN list_digest TEXT;
  `,
  `
  -- Volumes; config and state are JSON, see src/model/volume/volume.ts. seq is the order of creation.
  CREATE TABLE volume (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    config TEXT NOT NULL,
    state TEXT NOT NULL,
    peoples_mounts INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  -- Which container names which volume, and whether its run has it mounted; that does not outlive a boot.
  CREATE TABLE volume_use (
    volume TEXT NOT NULL REFERENCES volume (name),
    container_id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    in_run INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (volume, container_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX volume_use_by_container ON volume_use (container_id);

  -- Processes that read or write in a volume right now.
  CREATE TABLE volume_holder (
    volume TEXT NOT NULL REFERENCES volume (name) ON DELETE CASCADE,
    pid INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    PRIMARY KEY (volume, pid, start_time)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Addresses that the runs of containers have in networks; nothing here outlives a boot.
  CREATE TABLE network_address (
    network TEXT NOT NULL,
    address TEXT NOT NULL,
    container_id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    PRIMARY KEY (network, address)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX network_address_by_container ON network_address (container_id);
  `,
];
