-- References have no order, so that each new one falls on another page of its index. Operators ask
-- for an orderId as a whole: eight bytes of a hash are enough. Writing waits while it is made.
DROP INDEX keys_order_id;
CREATE INDEX keys_order_id ON keys USING hash (order_id);
