SELECT code, version
FROM dtb_plugin
WHERE enabled = 1
ORDER BY code
