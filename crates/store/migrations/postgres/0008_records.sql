-- Documents beside the orders. They belong to no merchant and are divided by their key.
CREATE TABLE records (
    space      TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    version    BIGINT           NOT NULL,
    expires_at BIGINT,
    body       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (space, key)
) WITH (fillfactor = 90);

-- What may be forgotten.
CREATE INDEX records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
