-- The customers with these ids; the same columns as customers_after.sql.
SELECT c.id, c.create_date, c.customer_status_id, c.name01, c.name02, c.kana01, c.kana02,
       c.postal_code, p.name, c.addr01, c.addr02, c.phone_number, c.email, c.birth, c.sex_id
FROM dtb_customer c
LEFT JOIN mtb_pref p ON p.id = c.pref_id
WHERE c.id IN :ids
ORDER BY c.id
