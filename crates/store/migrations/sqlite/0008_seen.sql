-- Messages that were acted on, for as long as they could be replayed: 16 bytes of the SHA-256 of
-- application and identifier, since nobody asks for the texts.
CREATE TABLE seen (
    digest BLOB    NOT NULL PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What may be forgotten.
CREATE INDEX seen_until ON seen (until);
