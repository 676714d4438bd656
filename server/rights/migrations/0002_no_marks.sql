-- An import keeps where it met what in memory: it is committed in batches, and several may be under
-- way.
DROP TABLE rights_import_mark;
