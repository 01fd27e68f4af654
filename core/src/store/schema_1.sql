-- Settings of this store.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Cases that this device takes part in, or is about to. `stage`: setting-up, joining, open, left.
CREATE TABLE cases (
  case_id TEXT PRIMARY KEY,
  alias TEXT,
  room TEXT UNIQUE,
  stage TEXT NOT NULL,
  patient TEXT,
  proposed_patient TEXT
) STRICT;

-- Rooms that were accepted and whose case is not known yet. `stage`: joining, reading, known, left.
CREATE TABLE rooms (
  room TEXT PRIMARY KEY, stage TEXT NOT NULL, case_id TEXT, reason TEXT
) STRICT;

-- Who invited us to them: several where we were removed and named again.
CREATE TABLE inviters (
  room TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (room, user)
) STRICT;

-- The unbroken stretch of each room's history that was taken over, oldest first.
-- `what`: message, waiting (not readable yet), unproven (readable, its author not proven), plain (was not encrypted), other.
-- What is waiting or unproven is judged again from `raw`.
CREATE TABLE taken (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  room TEXT NOT NULL,
  matrix_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  server_at TEXT NOT NULL,
  what TEXT NOT NULL,
  raw TEXT,
  UNIQUE (room, matrix_id)
) STRICT;
CREATE INDEX taken_again ON taken (room) WHERE raw IS NOT NULL;

-- Every event that a case's state is folded from, as it came.
CREATE TABLE events (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  room TEXT NOT NULL,
  sender TEXT NOT NULL,
  id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  server_at TEXT NOT NULL,
  receipt TEXT NOT NULL,
  receipt_by TEXT NOT NULL,
  stub TEXT NOT NULL, -- what a handover tells of it; empty where `content` is here
  content TEXT NOT NULL,
  matrix_id TEXT,
  UNIQUE (room, sender, id, sha256, receipt, stub)
) STRICT;

-- Our own that were marked and have not come back from the room.
CREATE INDEX events_leaving ON events (room, sender) WHERE matrix_id IS NULL AND receipt_by = '';

-- All that must go out. `state`: queued, marked, sent, denied. A lane's items go out one after another.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  lane TEXT NOT NULL,
  what TEXT NOT NULL,
  key TEXT UNIQUE,
  sha256 TEXT,
  item TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before TEXT,
  note TEXT
) STRICT;
CREATE INDEX outbox_open ON outbox (lane, seq) WHERE state IN ('queued', 'marked');

CREATE INDEX outbox_records ON outbox (lane, sha256) WHERE what = 'record';

-- Texts that travel as documents, by their hash.
CREATE TABLE documents (sha256 TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;

-- The audit chain of this store.
CREATE TABLE audit (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT;

-- The identity of each user as it was at first sight.
CREATE TABLE pins (user TEXT PRIMARY KEY, identity TEXT NOT NULL) STRICT;

-- Room keys whose maker is proven. `told`: the backup under whose key the account's other devices can read that.
CREATE TABLE room_keys (
  room TEXT NOT NULL,
  session TEXT NOT NULL,
  sender TEXT NOT NULL,
  identity TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  signing_key TEXT NOT NULL,
  told TEXT,
  PRIMARY KEY (room, session)
) STRICT;

-- Agreements and rule sets that the host has given. `kind`: agreement, rules.
CREATE TABLE papers (
  kind TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, id)
) STRICT;

-- Who could not read what was sent to a case: an account without a device that its owner has cross-signed.
CREATE TABLE unreached (case_id TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (case_id, user)) STRICT;

-- What was last asked of the record for each resource of a case, so that a write is asked for once.
CREATE TABLE projected (
  case_id TEXT NOT NULL, find TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (case_id, find)
) STRICT;

-- The embedded record: FHIR R4 resources, every version as text, and what the present ones are found by.
CREATE TABLE record_version (
    kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (kind, id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE record_current (
    kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE record_index (
    kind TEXT NOT NULL, id TEXT NOT NULL, param TEXT NOT NULL, system TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, param, value, system, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_index_by_id ON record_index (kind, id);
