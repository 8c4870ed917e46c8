-- Messages that were acted on, for as long as they could be replayed.
CREATE TABLE seen (
    app   TEXT    NOT NULL,
    id    TEXT    NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

-- What may be forgotten.
CREATE INDEX seen_until ON seen (until);
