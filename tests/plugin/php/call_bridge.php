<?php

declare(strict_types=1);

// Calls the bridge at the address given, and prints the problem, if any, and the seconds it took.

namespace EccubeSync\Tests;

require __DIR__ . '/bootstrap.php';

$start = microtime(true);
$bridge = new \Plugin\EccubeSync42\Service\BridgeClient($argv[1]);
$problem = $bridge->post('/v1/customers/42/classify', Vectors::connection());
echo json_encode(['problem' => $problem, 'seconds' => microtime(true) - $start]);
