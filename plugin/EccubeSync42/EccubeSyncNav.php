<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42;

use Eccube\Common\EccubeNav;

/**
 * The plugin's places in the admin menu.
 */
class EccubeSyncNav implements EccubeNav
{
    /** @return array<string, mixed> */
    public static function getNav(): array
    {
        return [
            'customer' => [
                'children' => [
                    'eccube_sync42_claims' => [
                        'name' => 'eccube_sync42.admin.claims',
                        'url' => 'admin_eccube_sync42_claims',
                    ],
                    'eccube_sync42_files' => [
                        'name' => 'eccube_sync42.admin.files',
                        'url' => 'admin_eccube_sync42_files',
                    ],
                ],
            ],
        ];
    }
}
