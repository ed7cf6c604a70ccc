<?php

declare(strict_types=1);

namespace Plugin\SyncTestGroups42\EventSubscriber;

use Doctrine\ORM\EntityManagerInterface;
use Eccube\Entity\Customer;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;
use Symfony\Component\Security\Http\Event\InteractiveLoginEvent;
use Symfony\Component\Security\Http\SecurityEvents;

/**
 * Takes a customer out of every group at login, as plugins do that work out a rank anew.
 */
class ClearingSubscriber implements EventSubscriberInterface
{
    /** @var EntityManagerInterface */
    private $entityManager;

    public function __construct(EntityManagerInterface $entityManager)
    {
        $this->entityManager = $entityManager;
    }

    public static function getSubscribedEvents(): array
    {
        return [SecurityEvents::INTERACTIVE_LOGIN => 'onLogin'];
    }

    public function onLogin(InteractiveLoginEvent $event): void
    {
        $customer = $event->getAuthenticationToken()->getUser();
        if ($customer instanceof Customer) {
            $row = ['customer_id' => $customer->getId()];
            $cleared = $this->entityManager->getConnection()->delete('plg_customer_group_customers_groups', $row);
            $event->getRequest()->getSession()->set('sync_test_groups.cleared', $cleared);
        }
    }
}
