<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Entity\Member;
use Eccube\Request\Context;

/**
 * Who of the staff may change members and exchange files with the program.
 */
class Permission
{
    /** @var Settings */
    private $settings;

    /** @var Context */
    private $context;

    public function __construct(Settings $settings, Context $context)
    {
        $this->settings = $settings;
        $this->context = $context;
    }

    public function isGiven(): bool
    {
        $authority = $this->member()->getAuthority();

        return $authority !== null && in_array((int) $authority->getId(), $this->settings->authorities(), true);
    }

    /** Only the owner says who else may. */
    public function mayConfigure(): bool
    {
        $authority = $this->member()->getAuthority();

        return $authority !== null && (int) $authority->getId() === Settings::OWNER;
    }

    /**
     * Who asks, for the program's journal.
     *
     * @return array{actor: string, permission: string}
     */
    public function signature(): array
    {
        $authority = $this->member()->getAuthority();

        return [
            'actor' => (string) $this->member()->getLoginId(),
            'permission' => $authority === null ? '' : (string) $authority->getName(),
        ];
    }

    private function member(): Member
    {
        $member = $this->context->getCurrentUser();
        if (!$member instanceof Member) {
            throw new \LogicException('nobody of the staff is logged in');
        }

        return $member;
    }
}
