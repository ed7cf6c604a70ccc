<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Entity\Customer;
use Plugin\EccubeSync42\Repository\InboxRepository;
use Symfony\Component\RateLimiter\RateLimiterFactory;

/**
 * How often codes and numbers may be typed: by one customer a day, and from one address (services.yaml).
 */
class ClaimLimit
{
    private const PER_CUSTOMER = 10;
    private const DAY = '-24 hours';

    /** @var InboxRepository */
    private $inbox;

    /** @var RateLimiterFactory */
    private $addresses;

    public function __construct(InboxRepository $inbox, RateLimiterFactory $eccubeSync42ClaimLimiter)
    {
        $this->inbox = $inbox;
        $this->addresses = $eccubeSync42ClaimLimiter;
    }

    public function allows(Customer $customer, string $address): bool
    {
        return $this->inbox->countClaims((int) $customer->getId(), new \DateTime(self::DAY)) < self::PER_CUSTOMER
            && $this->addresses->create($address)->consume()->isAccepted();
    }
}
