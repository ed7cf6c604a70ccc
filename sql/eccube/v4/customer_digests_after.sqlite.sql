-- One page of customers in the order of their ids, each as one text of what customers_after.sql reads.
SELECT c.id,
       :how_read || char(31) || COALESCE(c.create_date, '') || char(31) || COALESCE(c.customer_status_id, '')
       || char(31) || COALESCE(c.name01, '') || char(31) || COALESCE(c.name02, '')
       || char(31) || COALESCE(c.kana01, '') || char(31) || COALESCE(c.kana02, '')
       || char(31) || COALESCE(c.postal_code, '') || char(31) || COALESCE(p.name, '')
       || char(31) || COALESCE(c.addr01, '') || char(31) || COALESCE(c.addr02, '')
       || char(31) || COALESCE(c.phone_number, '') || char(31) || COALESCE(c.email, '')
       || char(31) || COALESCE(c.birth, '') || char(31) || COALESCE(c.sex_id, '')
FROM dtb_customer c
LEFT JOIN mtb_pref p ON p.id = c.pref_id
WHERE c.id > :after_id
ORDER BY c.id
LIMIT :limit
