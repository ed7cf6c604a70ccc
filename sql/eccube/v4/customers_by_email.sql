-- Customers whose e-mail address fits.
SELECT c.id
FROM dtb_customer c
WHERE LOWER(c.email) LIKE :pattern ESCAPE '!'
ORDER BY c.id
LIMIT :limit
