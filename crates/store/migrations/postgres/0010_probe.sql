-- One row that readiness writes, to prove that the store can be written.
CREATE TABLE probe (
    one   BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    count BIGINT NOT NULL
) WITH (fillfactor = 20);

INSERT INTO probe (one, count) VALUES (1, 0);
