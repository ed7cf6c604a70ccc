<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42;

use Eccube\Plugin\AbstractPluginManager;
use Plugin\EccubeSync42\Install\CsvColumn;
use Plugin\EccubeSync42\Install\InboxKeeper;
use Plugin\EccubeSync42\Install\MypagePage;
use Psr\Container\ContainerInterface;

/**
 * What comes and goes with the plugin besides its tables.
 */
class PluginManager extends AbstractPluginManager
{
    /** @param array<string, mixed> $meta */
    public function install(array $meta, ContainerInterface $container): void
    {
        InboxKeeper::of($container)->bringBack();
    }

    /** @param array<string, mixed> $meta */
    public function enable(array $meta, ContainerInterface $container): void
    {
        $entityManager = $container->get('doctrine')->getManager();
        (new MypagePage($entityManager))->add();
        (new CsvColumn($entityManager))->add();
    }

    /** @param array<string, mixed> $meta */
    public function disable(array $meta, ContainerInterface $container): void
    {
        $entityManager = $container->get('doctrine')->getManager();
        (new MypagePage($entityManager))->remove();
        (new CsvColumn($entityManager))->remove();
    }

    /** @param array<string, mixed> $meta */
    public function uninstall(array $meta, ContainerInterface $container): void
    {
        InboxKeeper::of($container)->putAside();
    }
}
