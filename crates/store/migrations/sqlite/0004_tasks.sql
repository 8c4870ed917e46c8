-- Work that falls due, beside the orders' own tasks. The logical key is (owner, id). The row id
-- tells the order in which tasks were made. Leases are not kept here: one process writes this file,
-- so that a claim ends with it.
CREATE TABLE tasks (
    row      INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    number   TEXT    NOT NULL,
    due_at   INTEGER,
    after    TEXT,
    attempts INTEGER NOT NULL,
    notice   TEXT,
    stray    INTEGER,
    version  INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    UNIQUE (id, owner)
) STRICT;

-- What falls due, earliest first.
CREATE INDEX tasks_due ON tasks (due_at, id) WHERE due_at IS NOT NULL;

-- The tasks of an order.
CREATE INDEX tasks_number ON tasks (number);

-- Notices that are late or were given up, for operators.
CREATE INDEX tasks_notice ON tasks (notice) WHERE notice IS NOT NULL;

-- Orders' own tasks whose order is not there: the platform makes none.
CREATE INDEX tasks_stray ON tasks (stray) WHERE stray IS NOT NULL;
