-- Who is there at all: an id with another create_date is another person.
SELECT id, create_date
FROM dtb_customer
ORDER BY id
