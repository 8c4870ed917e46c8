-- Messages that were acted on, for as long as they could be replayed; the application owns them.
CREATE TABLE seen (
    app   TEXT COLLATE "C" NOT NULL,
    id    TEXT COLLATE "C" NOT NULL,
    until BIGINT           NOT NULL,
    PRIMARY KEY (app, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- What may be forgotten.
CREATE INDEX seen_until ON seen (until);
