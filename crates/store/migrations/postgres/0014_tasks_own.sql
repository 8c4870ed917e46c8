-- Tasks that orders keep in their rows go. What stays of that kind has no order and says so.
DELETE FROM tasks AS it USING orders
WHERE orders.owner = it.owner AND orders.number = it.number AND it.after IS NULL
    AND (it.id = 'close:' || orders.number AND it.body::json ->> 'task' = 'close'
        OR it.id = 'inquire:' || coalesce(orders.query_id, orders.number)
            AND it.body::json ->> 'task' = 'inquire' AND it.body::json ->> 'reversal' = 'false');

ALTER TABLE tasks ADD stray BIGINT;
UPDATE tasks SET stray = 1
WHERE id LIKE 'close:%' OR id LIKE 'inquire:%' AND body::json ->> 'reversal' = 'false';
CREATE INDEX tasks_stray ON tasks (stray) WHERE stray IS NOT NULL;
