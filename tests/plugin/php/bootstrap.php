<?php

declare(strict_types=1);

/*
 * What the tests of the plugin load: the plugin itself, Debian's libraries, and the two classes of EC-CUBE
 * its entities are built on.
 */

namespace {
    spl_autoload_register(static function (string $class): void {
        $prefix = 'Plugin\\EccubeSync42\\';
        if (strpos($class, $prefix) === 0) {
            $path = strtr(substr($class, strlen($prefix)), '\\', '/');
            require dirname(__DIR__, 3) . '/plugin/EccubeSync42/' . $path . '.php';
        }
    });
    foreach (['PhpParser', 'Symfony/Bridge/Twig', 'tcpdf'] as $library) {
        require_once '/usr/share/php/' . $library . '/autoload.php';
    }
    require_once __DIR__ . '/Vectors.php';
    require_once __DIR__ . '/Php74Rules.php';
    date_default_timezone_set('Asia/Tokyo');
}

// phpcs:disable PSR1.Classes.ClassDeclaration
namespace Eccube\Entity {
    abstract class AbstractEntity
    {
    }

    class Customer
    {
    }
}
