<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Entity\Customer;
use Psr\Cache\CacheItemPoolInterface;

/**
 * Collects during a request what the bridge shall hear, and says it once the request is over.
 */
class Bridge
{
    /** Seconds a bridge that did not answer is left alone, so that customers do not wait for it one after another. */
    private const REST_SECONDS = 60;
    private const RESTING = 'eccube_sync42.bridge_rests';

    /** @var Settings */
    private $settings;

    /** @var CacheItemPoolInterface */
    private $cache;

    /** @var array<string, true> paths */
    private $calls = [];

    public function __construct(Settings $settings, CacheItemPoolInterface $cache)
    {
        $this->settings = $settings;
        $this->cache = $cache;
    }

    public function customerChanged(Customer $customer): void
    {
        $this->calls['/v1/customers/' . $customer->getId() . '/classify'] = true;
    }

    public function inboxChanged(): void
    {
        $this->calls['/v1/inbox'] = true;
    }

    /** Says what was collected; what goes wrong is logged and nothing more. */
    public function send(): void
    {
        $paths = array_keys($this->calls);
        $this->calls = [];
        $connection = $this->settings->connection();
        if (!$paths || $connection === null || $this->settings->bridgeUrl() === '') {
            return;
        }
        $resting = $this->cache->getItem(self::RESTING);
        if ($resting->isHit()) {
            return;
        }
        $client = new BridgeClient($this->settings->bridgeUrl());
        foreach ($paths as $path) {
            $problem = $client->post($path, $connection);
            if ($problem !== '') {
                log_error('[EccubeSync42] the bridge did not take ' . $path . ': ' . $problem);
                $this->cache->save($resting->set(true)->expiresAfter(self::REST_SECONDS));

                return;
            }
        }
    }
}
