<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use Plugin\EccubeSync42\Service\Connection;

/**
 * What the plugin and the program must agree on to the last byte.
 */
final class Vectors
{
    /** @return array<mixed> */
    public static function of(string $subject): array
    {
        $path = dirname(__DIR__, 2) . '/vectors/plugin.json';

        return json_decode((string) file_get_contents($path), true, 512, JSON_THROW_ON_ERROR)[$subject];
    }

    public static function connection(): Connection
    {
        $connection = Connection::fromLine(self::of('connection')['line']);
        assert($connection !== null);

        return $connection;
    }
}
