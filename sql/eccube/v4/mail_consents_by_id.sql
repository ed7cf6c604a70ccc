-- Run only where the mail magazine plugin has added its column.
SELECT id, plg_mailmagazine_flg
FROM dtb_customer
WHERE id IN :ids
