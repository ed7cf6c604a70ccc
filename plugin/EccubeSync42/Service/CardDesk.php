<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Entity\Customer;
use Plugin\EccubeSync42\Repository\CardRepository;
use Plugin\EccubeSync42\Repository\InboxRepository;

/**
 * Finds what a customer may see of their membership right now.
 */
class CardDesk
{
    /** @var CardRepository */
    private $cards;

    /** @var InboxRepository */
    private $inbox;

    public function __construct(CardRepository $cards, InboxRepository $inbox)
    {
        $this->cards = $cards;
        $this->inbox = $inbox;
    }

    public function viewOf(Customer $customer): CardView
    {
        $claims = $this->inbox->newestClaims((int) $customer->getId(), 1);

        return new CardView($this->cards->ofCustomer($customer), $claims, new \DateTimeImmutable());
    }
}
