-- Work that falls due, and who works on it until when. `made_at` and `place` tell the order in
-- which tasks were made: the database's clock in microseconds, and the place within one commit.
CREATE TABLE tasks (
    owner        TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    number       TEXT COLLATE "C" NOT NULL,
    due_at       BIGINT,
    after        TEXT COLLATE "C",
    attempts     BIGINT           NOT NULL,
    notice       TEXT COLLATE "C",
    version      BIGINT           NOT NULL,
    made_at      BIGINT           NOT NULL,
    place        BIGINT           NOT NULL,
    leased_until BIGINT,
    holder       TEXT COLLATE "C",
    body         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- What falls due, earliest first.
CREATE INDEX tasks_due ON tasks (due_at, id) WHERE due_at IS NOT NULL;

-- The tasks of an order.
CREATE INDEX tasks_number ON tasks (owner, number);

-- Notices that are late or were given up, for operators.
CREATE INDEX tasks_notice ON tasks (made_at, place) WHERE notice IS NOT NULL;
