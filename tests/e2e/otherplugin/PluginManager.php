<?php

declare(strict_types=1);

namespace Plugin\SyncTestGroups42;

use Eccube\Plugin\AbstractPluginManager;
use Psr\Container\ContainerInterface;

/**
 * Brings one customer group along.
 */
class PluginManager extends AbstractPluginManager
{
    /** @param array<string, mixed> $meta */
    public function install(array $meta, ContainerInterface $container): void
    {
        $container->get('doctrine')->getConnection()->insert('plg_customer_group', [
            'name' => '店舗会員',
            'backend_name' => '店舗会員',
            'discriminator_type' => 'group',
        ]);
    }
}
