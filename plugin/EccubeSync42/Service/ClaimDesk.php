<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Entity\Customer;
use Symfony\Component\HttpFoundation\RequestStack;

/**
 * Takes what a customer typed. It never fails a page: what cannot be kept is logged, and the customer is told.
 */
class ClaimDesk
{
    public const TAKEN = 'taken';
    public const TOO_MANY = 'too_many';
    public const FAILED = 'failed';

    /** @var InboxWriter */
    private $writer;

    /** @var ClaimLimit */
    private $limit;

    /** @var RequestStack */
    private $requests;

    public function __construct(InboxWriter $writer, ClaimLimit $limit, RequestStack $requests)
    {
        $this->writer = $writer;
        $this->limit = $limit;
        $this->requests = $requests;
    }

    /**
     * @param array<string, string> $claim kind, and what belongs to it
     *
     * @return string TAKEN, TOO_MANY or FAILED
     */
    public function take(array $claim, Customer $customer, string $from): string
    {
        $request = $this->requests->getMainRequest();
        $address = $request === null ? '' : (string) $request->getClientIp();
        $kind = $claim['kind'];
        unset($claim['kind']);
        try {
            if (!$this->limit->allows($customer, $address)) {
                log_info('[EccubeSync42] too many claims', ['customer' => $customer->getId()]);

                return self::TOO_MANY;
            }
            $this->writer->writeClaim($kind, $customer, $claim, $address, $from);
        } catch (\Throwable $fault) {
            log_error('[EccubeSync42] a claim could not be kept: ' . get_class($fault), [
                'customer' => $customer->getId(),
            ]);

            return self::FAILED;
        }

        return self::TAKEN;
    }
}
