SELECT customer_status_id, COUNT(*)
FROM dtb_customer
GROUP BY customer_status_id
