-- One page of customers in the order of their ids.
SELECT c.id, c.create_date, c.customer_status_id, c.name01, c.name02, c.kana01, c.kana02,
       c.postal_code, p.name, c.addr01, c.addr02, c.phone_number, c.email, c.birth, c.sex_id
FROM dtb_customer c
LEFT JOIN mtb_pref p ON p.id = c.pref_id
WHERE c.id > :after_id
ORDER BY c.id
LIMIT :limit
