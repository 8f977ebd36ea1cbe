-- How `json` is compressed: 0 with deflate, 1 with zstd and the dictionary `codec/1.txt`.
ALTER TABLE reports ADD COLUMN codec INTEGER NOT NULL DEFAULT 0;

-- Changes of `rollups`, `cases` and `versions` by the newest batches, a row per batch: those of many batches are applied
-- together. Queries add the rows that are still here.
CREATE TABLE recent (
    id      INTEGER PRIMARY KEY,
    changes BLOB NOT NULL
) STRICT;
