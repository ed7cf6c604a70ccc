<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Repository;

use Doctrine\Persistence\ManagerRegistry;
use Eccube\Entity\Customer;
use Eccube\Repository\AbstractRepository;
use Plugin\EccubeSync42\Entity\Card;

/**
 * What the program told the shop.
 */
class CardRepository extends AbstractRepository
{
    public function __construct(ManagerRegistry $registry)
    {
        parent::__construct($registry, Card::class);
    }

    public function ofCustomer(Customer $customer): ?Card
    {
        return $this->findOneBy(['Customer' => $customer]);
    }

    /** What the program says about itself; null before it ran for the first time. */
    public function ofShop(): ?Card
    {
        return $this->findOneBy(['name' => 'shop']);
    }

    public function answerTo(string $rowKey): ?Card
    {
        return $this->findOneBy(['name' => 'answer:' . $rowKey]);
    }

    /** A part of the file of an answer, counted from 1. */
    public function partOf(string $rowKey, int $number): ?Card
    {
        return $this->findOneBy(['name' => 'part:' . $rowKey . ':' . $number]);
    }

    /**
     * The cards of these customers by customer id.
     *
     * @param int[] $customerIds
     *
     * @return array<int, Card>
     */
    public function ofCustomers(array $customerIds): array
    {
        $cards = [];
        foreach ($customerIds ? $this->findBy(['Customer' => $customerIds]) : [] as $card) {
            $cards[(int) $card->getCustomer()->getId()] = $card;
        }

        return $cards;
    }

    /**
     * Ids of all customers of class store, as keys.
     *
     * @return array<int, true>
     */
    public function storeCustomerIds(): array
    {
        $ids = $this->getEntityManager()->getConnection()->fetchFirstColumn(
            'SELECT customer_id FROM plg_eccube_sync42_card WHERE membership_class = ? AND customer_id IS NOT NULL',
            [Card::STORE]
        );

        return array_fill_keys(array_map('intval', $ids), true);
    }
}
