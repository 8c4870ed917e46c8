-- One row that readiness writes, to prove that the store can be written.
CREATE TABLE probe (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL
) STRICT;

INSERT INTO probe (one, count) VALUES (1, 0);
