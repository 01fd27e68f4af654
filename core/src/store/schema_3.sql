-- Resources of the embedded record that another record has taken over, in the version that it took (`there`: their id in that
-- record), or has refused (`refused`: why).
CREATE TABLE record_moved (
    kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, there TEXT, refused TEXT,
    PRIMARY KEY (kind, id)
) STRICT;
