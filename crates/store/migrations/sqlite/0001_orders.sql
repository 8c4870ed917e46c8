-- Orders, each replaced as a whole under its version. The logical key is (owner, number); numbers
-- are the platform's own and unique over all owners, so that one index finds an order with and
-- without its owner. Numbers grow with time: the index is written at its end.
--
-- The terms of an order are written once: `submitted` is the line of the journal that tells them,
-- or, where its first event is another, `terms` has them. `body` is what changes.
--
-- An order's own two tasks, its closing and the inquiry after its payment, are columns of its row:
-- they are made, replaced and ended together with it, and one index entry while they are due is all
-- that they cost beside. `made` tells their place among the other tasks: twice the row of the last
-- of those when they were made, plus one when the other one was there already.
CREATE TABLE orders (
    number           TEXT    NOT NULL PRIMARY KEY,
    owner            TEXT    NOT NULL,
    version          INTEGER NOT NULL,
    -- The queryId of the payment; NULL: it is the number.
    query_id         TEXT,
    state            TEXT    NOT NULL,
    -- NULL in `version`: there is no such task. NULL in `due` alone: it is done.
    close_due        INTEGER,
    close_attempts   INTEGER,
    close_version    INTEGER,
    close_made       INTEGER,
    inquire_due      INTEGER,
    inquire_attempts INTEGER,
    inquire_version  INTEGER,
    inquire_made     INTEGER,
    submitted        INTEGER,
    terms            TEXT,
    body             TEXT    NOT NULL,
    CHECK ((submitted IS NULL) <> (terms IS NULL))
) STRICT;

-- What falls due, earliest first.
CREATE INDEX orders_close_due ON orders (close_due, number) WHERE close_due IS NOT NULL;
CREATE INDEX orders_inquire_due ON orders (inquire_due, number) WHERE inquire_due IS NOT NULL;
