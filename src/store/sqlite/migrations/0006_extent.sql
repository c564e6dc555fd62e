-- 1 where the extent was learned from the reports; 0 where people or a profile set it.
ALTER TABLE jurisdiction ADD COLUMN extent_learned INTEGER NOT NULL DEFAULT 0;
