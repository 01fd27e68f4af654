-- Since when a referral's room has held something to be told that has not happened yet by this device's clock (in seconds).
ALTER TABLE referrals ADD COLUMN seen_at INTEGER
