<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\EventSubscriber;

use Plugin\EccubeSync42\Service\Bridge;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;
use Symfony\Component\HttpKernel\KernelEvents;

/**
 * Calls the bridge when the page has been sent and EC-CUBE has committed the request's transaction.
 */
class BridgeSubscriber implements EventSubscriberInterface
{
    private const AFTER_THE_COMMIT = -1024;

    /** @var Bridge */
    private $bridge;

    public function __construct(Bridge $bridge)
    {
        $this->bridge = $bridge;
    }

    public static function getSubscribedEvents(): array
    {
        return [KernelEvents::TERMINATE => ['onTerminate', self::AFTER_THE_COMMIT]];
    }

    public function onTerminate(): void
    {
        $this->bridge->send();
    }
}
