-- Customers whose phone number fits, whatever stands between its digits.
SELECT c.id
FROM dtb_customer c
WHERE REPLACE(REPLACE(c.phone_number, '-', ''), ' ', '') LIKE :pattern ESCAPE '!'
ORDER BY c.id
LIMIT :limit
