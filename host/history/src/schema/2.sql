-- The time by which ages of runs are measured when it was last written. A wall clock that jumps does not move it far.
ALTER TABLE sessions ADD COLUMN age_clock INTEGER;
UPDATE sessions SET age_clock = written;
