<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Repository\CardRepository;
use Plugin\EccubeSync42\Repository\InboxRepository;

/**
 * What the program says about itself, and whether it is at work.
 */
class Program
{
    private const GOOD_RUN_WITHIN = '-26 hours';
    private const UPLOAD_LIMIT = 33554432;

    /** @var Settings */
    private $settings;

    /** @var CardRepository */
    private $cards;

    /** @var InboxRepository */
    private $inbox;

    /** @var array<string, mixed>|null */
    private $front;

    public function __construct(Settings $settings, CardRepository $cards, InboxRepository $inbox)
    {
        $this->settings = $settings;
        $this->cards = $cards;
        $this->inbox = $inbox;
    }

    /** Whether customers may type link codes. */
    public function takesLinkCodes(): bool
    {
        return $this->settings->connection() !== null && ($this->front()['link_codes'] ?? true) === true;
    }

    /**
     * Second facts a member number may be shown with; empty = member numbers are not taken.
     *
     * @return string[]
     */
    public function facts(): array
    {
        $facts = $this->settings->connection() === null ? [] : (array) ($this->front()['facts'] ?? []);

        return array_values(array_intersect(SecondFact::ALL, $facts));
    }

    /** The shop's name of a class; '' before the program said it. */
    public function label(string $class): string
    {
        return (string) ($this->front()['labels'][$class] ?? '');
    }

    /** @return array<string, string> keys of the stores' exports by their labels */
    public function sources(): array
    {
        $sources = [];
        foreach ((array) ($this->front()['sources'] ?? []) as $source) {
            $sources[(string) ($source['label'] ?? $source['key'])] = (string) $source['key'];
        }

        return $sources;
    }

    /** When the store wrote the data we know; null when it never did. */
    public function dataTakenAt(string $source): ?\DateTime
    {
        foreach ((array) ($this->front()['sources'] ?? []) as $known) {
            if (($known['key'] ?? null) === $source && isset($known['taken_at'])) {
                return self::localTime((string) $known['taken_at']);
            }
        }

        return null;
    }

    /** Bytes of the largest file the program takes. */
    public function uploadLimit(): int
    {
        return (int) ($this->front()['upload_limit'] ?? self::UPLOAD_LIMIT);
    }

    /** The customer group the program shows the class with; null when it does not. */
    public function customerGroup(): ?int
    {
        $group = $this->front()['customer_group_id'] ?? null;

        return $group === null ? null : (int) $group;
    }

    public function lastGoodRun(): ?\DateTime
    {
        $time = $this->front()['last_good_run'] ?? null;

        return $time === null ? null : self::localTime((string) $time);
    }

    /**
     * What keeps the shop from knowing its members, worst first; empty when all is well.
     *
     * @return string[] not_connected, no_sodium, never_ran, stale, not_fetched
     */
    public function problems(): array
    {
        if (!extension_loaded('sodium')) {
            return ['no_sodium'];
        }
        if ($this->settings->connection() === null) {
            return ['not_connected'];
        }
        $problems = [];
        $lastGoodRun = $this->lastGoodRun();
        if ($lastGoodRun === null || $lastGoodRun < new \DateTime(self::GOOD_RUN_WITHIN)) {
            $problems[] = $lastGoodRun === null ? 'never_ran' : 'stale';
        }
        $overdue = new \DateTime('-' . Inbox::FETCHED_WITHIN);
        if ($this->inbox->isLeftLying(new \DateTime('-2 days'), $overdue)) {
            $problems[] = 'not_fetched';
        }

        return $problems;
    }

    private static function localTime(string $time): \DateTime
    {
        return (new \DateTime($time))->setTimezone(new \DateTimeZone(date_default_timezone_get()));
    }

    /** @return array<string, mixed> */
    private function front(): array
    {
        if ($this->front === null) {
            $card = $this->cards->ofShop();
            $this->front = $card instanceof Card ? $card->getFront() : [];
        }

        return $this->front;
    }
}
