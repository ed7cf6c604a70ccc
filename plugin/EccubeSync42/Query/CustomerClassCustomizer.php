<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Query;

use Doctrine\ORM\QueryBuilder;
use Eccube\Doctrine\Query\QueryCustomizer;
use Eccube\Repository\QueryKey;
use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Form\Extension\SearchCustomerTypeExtension;

/**
 * Narrows the customer search, and with it the CSV, to one class. A customer without a card is not a store member.
 */
class CustomerClassCustomizer implements QueryCustomizer
{
    public function getQueryKey(): string
    {
        return QueryKey::CUSTOMER_SEARCH;
    }

    /**
     * @param array<string, mixed> $params
     * @param string               $queryKey
     */
    public function customize(QueryBuilder $builder, $params, $queryKey): void
    {
        $class = $params[SearchCustomerTypeExtension::FIELD] ?? null;
        if (!in_array($class, [Card::STORE, Card::EC_ONLY], true)) {
            return;
        }
        $members = 'EXISTS (SELECT eccube_sync42_card.id FROM ' . Card::class . ' eccube_sync42_card'
            . ' WHERE eccube_sync42_card.Customer = c AND eccube_sync42_card.membership_class = :eccube_sync42_store)';
        $builder->andWhere(($class === Card::STORE ? '' : 'NOT ') . $members)
            ->setParameter('eccube_sync42_store', Card::STORE);
    }
}
