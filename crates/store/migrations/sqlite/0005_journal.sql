-- The journal. This store has one writer and therefore one lane, number 0; the logical key is
-- (lane, sequence). The writer counts the sequence itself.
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    lane     INTEGER NOT NULL CHECK (lane = 0),
    at       INTEGER NOT NULL,
    owner    TEXT    NOT NULL,
    stream   TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    previous BLOB    NOT NULL,
    hash     BLOB    NOT NULL
) STRICT;

-- What happened to one order.
CREATE INDEX journal_stream ON journal (stream);
