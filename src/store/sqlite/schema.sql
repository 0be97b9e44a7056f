-- The log's tables. `chain` holds the entries as they were signed; the others hold the same in columns,
-- for whoever asks in SQL, and are checked against it by `liveness log verify`. What has no column (the rules)
-- is `json_extract(text, '$.rules')`: a later version may read more out of an old entry, and its columns must
-- come out as they did.
CREATE TABLE chain (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  clock_went_back INTEGER NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL,
  key TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE TABLE sessions (
  seq INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  started TEXT NOT NULL,
  duration_ms REAL NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT,
  rehearsal INTEGER NOT NULL,
  source TEXT NOT NULL,
  script TEXT NOT NULL,
  frames_captured INTEGER NOT NULL,
  frames_analysed INTEGER NOT NULL,
  frames_dropped INTEGER NOT NULL
) STRICT;
CREATE TABLE steps (
  seq INTEGER NOT NULL,
  n INTEGER NOT NULL,
  step TEXT NOT NULL,
  asked_ms REAL NOT NULL,
  seen_ms REAL,
  strikes INTEGER NOT NULL,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE evidence (
  seq INTEGER PRIMARY KEY,
  app TEXT NOT NULL,
  models TEXT NOT NULL,
  program TEXT,
  config TEXT,
  nonce TEXT,
  camera TEXT,
  virtual_camera INTEGER,
  still TEXT,
  locked_until TEXT,
  said_same REAL,
  said_expected REAL,
  said_passive REAL
) STRICT;
