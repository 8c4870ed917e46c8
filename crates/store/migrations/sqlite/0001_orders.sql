-- Orders, each replaced as a whole under its version. The logical key is (owner, number); numbers
-- are the platform's own and unique over all owners, so that one index finds an order with and
-- without its owner. Numbers grow with time: the index is written at its end.
CREATE TABLE orders (
    number  TEXT    NOT NULL PRIMARY KEY,
    owner   TEXT    NOT NULL,
    version INTEGER NOT NULL,
    state   TEXT    NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
