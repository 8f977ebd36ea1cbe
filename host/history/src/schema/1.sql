-- Times are milliseconds since the Unix epoch, durations microseconds.

-- Cases that ran, and how each stands: `up` and `since` as the journal has them.
CREATE TABLE cases (
    id        INTEGER PRIMARY KEY,
    component TEXT NOT NULL,
    name      TEXT NOT NULL,
    up        INTEGER,
    since     INTEGER,
    last_pass INTEGER,
    last_run  INTEGER NOT NULL,
    UNIQUE (component, name)
) STRICT;

-- Versions of components that ran.
CREATE TABLE versions (
    id       INTEGER PRIMARY KEY,
    digest   TEXT NOT NULL UNIQUE,
    last_run INTEGER NOT NULL
) STRICT;

-- Ids are in the order of the starts, so that new rows come at the end, and lists are read in order.
CREATE TABLE runs (
    id         BLOB NOT NULL PRIMARY KEY,
    case_id    INTEGER NOT NULL,
    version_id INTEGER NOT NULL,
    trigger    INTEGER NOT NULL,
    started    INTEGER NOT NULL,
    duration   INTEGER NOT NULL,
    outcome    INTEGER NOT NULL,
    flaky      INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    message    TEXT,
    latency    INTEGER,
    report     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- All that a strip of a case's runs shows, and a filter asks for.
CREATE INDEX runs_of_case ON runs (case_id, id, outcome, flaky);

-- Runs that did not pass, or not at once, are few and looked for often.
CREATE INDEX notable_runs ON runs (id, outcome, flaky) WHERE outcome <> 0 OR flaky <> 0;

-- The whole report: JSON, deflated. Apart, so that lists read little.
CREATE TABLE reports (
    id   INTEGER PRIMARY KEY,
    json BLOB NOT NULL
) STRICT;

-- Runs of a case that started within a span of seconds, counted. Those of one time are together: they are written together.
CREATE TABLE rollups (
    span    INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    counts  BLOB NOT NULL,
    PRIMARY KEY (span, start, case_id)
) STRICT, WITHOUT ROWID;

-- Each time that a host had this file; `ended` if it let go of it in good order.
CREATE TABLE sessions (
    id             INTEGER PRIMARY KEY,
    started        INTEGER NOT NULL,
    written        INTEGER NOT NULL,
    ended          INTEGER,
    batch_runs     INTEGER NOT NULL,
    batch_interval INTEGER NOT NULL
) STRICT;
