<?php

declare(strict_types=1);

// Reads a JSON list of typed texts, and prints the code in each, or null.

require __DIR__ . '/bootstrap.php';

$typed = json_decode((string) stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
echo json_encode(array_map([Plugin\EccubeSync42\Service\LinkCode::class, 'read'], $typed));
