-- What each component has in this file: runs, and bytes of their reports. Where there is too much, the one with the most
-- loses its oldest runs.
CREATE TABLE holdings (
    component TEXT NOT NULL PRIMARY KEY,
    runs      INTEGER NOT NULL,
    bytes     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO holdings (component, runs, bytes)
    SELECT cases.component, count(*), sum(length(reports.json))
    FROM runs JOIN cases ON cases.id = runs.case_id JOIN reports ON reports.id = runs.report
    GROUP BY cases.component;
