SELECT shop_name, phone_number, postal_code, email01, email02, email03, email04
FROM dtb_base_info
ORDER BY id
LIMIT 1
