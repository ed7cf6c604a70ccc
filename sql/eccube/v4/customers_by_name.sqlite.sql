-- Customers whose name or reading holds this, spaces left out.
SELECT c.id
FROM dtb_customer c
WHERE REPLACE(REPLACE(c.name01 || c.name02 || '|' || COALESCE(c.kana01, '') || COALESCE(c.kana02, ''), ' ', ''), '　', '')
      LIKE :pattern ESCAPE '!'
ORDER BY c.id
LIMIT :limit
