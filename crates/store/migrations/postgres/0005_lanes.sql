-- The ends of the journal's lanes. A lane belongs to one writer at a time: who takes it over raises
-- its epoch, and every commit moves it on from the very batch that the writer knows, so that two
-- writers never continue the same lane and a writer can learn whether its last commit went through.
CREATE TABLE lanes (
    lane       BIGINT      NOT NULL PRIMARY KEY,
    epoch      BIGINT      NOT NULL,
    batch      BIGINT      NOT NULL,
    sequence   BIGINT      NOT NULL,
    hash       BYTEA       NOT NULL,
    held_until TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 20);
