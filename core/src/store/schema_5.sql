-- The panel: of each case what it needs to know, read in one pass. `row`: a summary, as bytes; made from the case's events.
CREATE TABLE panel_pair (
    pair INTEGER PRIMARY KEY, plan_side TEXT NOT NULL, community_side TEXT NOT NULL, plan_name TEXT NOT NULL,
    community_name TEXT NOT NULL, UNIQUE (plan_side, community_side)
) STRICT;
CREATE TABLE panel (
    place INTEGER PRIMARY KEY, pair INTEGER NOT NULL, row BLOB NOT NULL, room TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX panel_by_pair ON panel (pair);
-- Rooms whose summary is to be made anew. It is noted in the transaction that changes their events, whatever changes them; `n`
-- tells whether they changed again meanwhile.
CREATE TABLE panel_stale (room TEXT PRIMARY KEY, n INTEGER NOT NULL DEFAULT 1) STRICT, WITHOUT ROWID;
INSERT INTO panel_stale (room) SELECT room FROM cases WHERE room IS NOT NULL;
CREATE TRIGGER panel_event_kept AFTER INSERT ON events BEGIN
    INSERT INTO panel_stale (room) VALUES (new.room) ON CONFLICT (room) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER panel_event_changed AFTER UPDATE OF server_at ON events WHEN new.server_at <> old.server_at BEGIN
    INSERT INTO panel_stale (room) VALUES (new.room) ON CONFLICT (room) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER panel_event_gone AFTER DELETE ON events BEGIN
    INSERT INTO panel_stale (room) VALUES (old.room) ON CONFLICT (room) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER panel_case_known AFTER INSERT ON cases WHEN new.room IS NOT NULL BEGIN
    INSERT INTO panel_stale (room) VALUES (new.room) ON CONFLICT (room) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER panel_case_changed AFTER UPDATE OF room, stage ON cases WHEN new.room IS NOT NULL BEGIN
    INSERT INTO panel_stale (room) VALUES (new.room) ON CONFLICT (room) DO UPDATE SET n = n + 1;
END
