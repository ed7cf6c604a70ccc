-- One page of customers in the order of their ids, each as one digest of what customers_after.sql reads.
SELECT c.id,
       MD5(CONCAT_WS(CHAR(31 USING utf8mb4), :how_read, c.create_date, COALESCE(c.customer_status_id, ''),
                     COALESCE(c.name01, ''), COALESCE(c.name02, ''), COALESCE(c.kana01, ''), COALESCE(c.kana02, ''),
                     COALESCE(c.postal_code, ''), COALESCE(p.name, ''), COALESCE(c.addr01, ''),
                     COALESCE(c.addr02, ''), COALESCE(c.phone_number, ''), COALESCE(c.email, ''),
                     COALESCE(c.birth, ''), COALESCE(c.sex_id, '')))
FROM dtb_customer c
LEFT JOIN mtb_pref p ON p.id = c.pref_id
WHERE c.id > :after_id
ORDER BY c.id
LIMIT :limit
