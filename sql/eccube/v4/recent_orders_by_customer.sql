-- Orders that count (new, in progress, delivered, paid) since a moment in UTC.
SELECT customer_id, COUNT(*)
FROM dtb_order
WHERE customer_id IN :ids
  AND order_status_id IN (1, 4, 5, 6)
  AND order_date >= :since
GROUP BY customer_id
