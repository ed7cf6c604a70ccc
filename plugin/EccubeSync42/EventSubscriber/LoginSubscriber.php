<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\EventSubscriber;

use Doctrine\ORM\EntityManagerInterface;
use Eccube\Entity\Customer;
use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Repository\CardRepository;
use Plugin\EccubeSync42\Service\Program;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;
use Symfony\Component\Security\Http\Event\InteractiveLoginEvent;
use Symfony\Component\Security\Http\SecurityEvents;

/**
 * Puts a store member back into the customer group when another plugin cleared it at login. Never takes one out.
 */
class LoginSubscriber implements EventSubscriberInterface
{
    private const AFTER_ALL_OTHERS = -1024;
    private const TABLE = 'plg_customer_group_customers_groups';

    /** @var EntityManagerInterface */
    private $entityManager;

    /** @var CardRepository */
    private $cards;

    /** @var Program */
    private $program;

    public function __construct(EntityManagerInterface $entityManager, CardRepository $cards, Program $program)
    {
        $this->entityManager = $entityManager;
        $this->cards = $cards;
        $this->program = $program;
    }

    public static function getSubscribedEvents(): array
    {
        return [SecurityEvents::INTERACTIVE_LOGIN => ['onLogin', self::AFTER_ALL_OTHERS]];
    }

    public function onLogin(InteractiveLoginEvent $event): void
    {
        $customer = $event->getAuthenticationToken()->getUser();
        if (!$customer instanceof Customer) {
            return;
        }
        $group = $this->program->customerGroup();
        $card = $group === null ? null : $this->cards->ofCustomer($customer);
        if ($group === null || $card === null || $card->getMembershipClass() !== Card::STORE) {
            return;
        }
        try {
            $this->putBack((int) $customer->getId(), $group);
        } catch (\Throwable $fault) {
            log_error('[EccubeSync42] the customer group was not put back: ' . get_class($fault));
        }
    }

    private function putBack(int $customerId, int $group): void
    {
        $connection = $this->entityManager->getConnection();
        if (!$connection->createSchemaManager()->tablesExist([self::TABLE])) {
            return;
        }
        $row = ['customer_id' => $customerId, 'group_id' => $group];
        $found = $connection->fetchOne(
            'SELECT 1 FROM ' . self::TABLE . ' WHERE customer_id = ? AND group_id = ?',
            array_values($row)
        );
        if ($found === false) {
            $connection->insert(self::TABLE, $row);
            log_info('[EccubeSync42] put back into the customer group', ['customer' => $customerId]);
        }
    }
}
