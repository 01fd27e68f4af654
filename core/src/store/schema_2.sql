-- The order in which resources of the embedded record were last written: where a reader of its changes goes on.
CREATE TABLE record_change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, UNIQUE (kind, id)
) STRICT;
CREATE INDEX record_change_by_kind ON record_change (kind, seq);
INSERT INTO record_change (kind, id) SELECT kind, id FROM record_current;
CREATE TRIGGER record_changed AFTER INSERT ON record_version BEGIN
    INSERT OR REPLACE INTO record_change (kind, id) VALUES (new.kind, new.id);
END;
