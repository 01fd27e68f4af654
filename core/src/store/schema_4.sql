-- Which version of a resource that moves the audit says to be written (`audited`), so that one which is tried again is said once.
ALTER TABLE record_moved ADD COLUMN audited INTEGER;
