-- The index of an order's tasks began with the owner, as the table's key does. While a table is new
-- the planner cannot tell two such indexes apart, and took this one to look tasks up by their key:
-- it read all tasks of a merchant for each. Writing waits while the new one is made.
DROP INDEX tasks_number;
CREATE INDEX tasks_number ON tasks (number);
