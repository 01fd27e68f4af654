-- Which referral of which case a referral's room is of, when it is to be looked at again though nothing happens (in seconds), and
-- whether all is told of it. Made from the case's events.
CREATE TABLE referrals (
    room TEXT PRIMARY KEY, case_id TEXT NOT NULL, sender TEXT NOT NULL, id TEXT NOT NULL, look_at INTEGER,
    over INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX referrals_of_case ON referrals (case_id);
CREATE INDEX referrals_to_look_at ON referrals (look_at) WHERE look_at IS NOT NULL
