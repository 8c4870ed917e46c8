-- Documents beside the orders.
CREATE TABLE records (
    space      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    expires_at INTEGER,
    body       TEXT    NOT NULL,
    PRIMARY KEY (space, key)
) STRICT;

-- What may be forgotten.
CREATE INDEX records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
