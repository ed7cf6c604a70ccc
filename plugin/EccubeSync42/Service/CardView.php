<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Entity\Inbox;

/**
 * What a customer sees of their membership: the result, or what it waits for.
 *
 * Every failure reads the same, so that an answer tells nothing about anybody else.
 */
final class CardView
{
    public const CHECKING = 'checking';
    public const DELAYED = 'delayed';

    /** @var string store or ec_only */
    public $class;

    /** @var string the shop's name of the class; '' while the program gave none */
    public $label;

    /** @var string|null checking, delayed, waiting_for_store or not_confirmed */
    public $notice;

    /** @var bool whether number, points and expiry may be shown: only after proof */
    public $proven;

    /** @var string[] facts by which the customer may prove the link */
    public $questions;

    /** @var bool whether the link waits for such a proof */
    public $isQuestion;

    /** @var bool whether to offer the fields for a code or a member number */
    public $asksForClaim;

    /** @var array<string, mixed> number, symbology, valid_through, unlimited, points, rank, source of a proven link */
    public $card;

    /** @param Inbox[] $claims the customer's own, newest first */
    public function __construct(?Card $card, array $claims, \DateTimeInterface $now)
    {
        $front = $card === null ? [] : $card->getFront();
        $state = $card === null ? Card::NOT_LINKED : $card->getState();
        $this->class = $card === null ? Card::EC_ONLY : $card->getMembershipClass();
        $this->label = (string) ($front['label'] ?? '');
        $this->proven = $state === Card::LINKED && ($front['proven'] ?? false) === true;
        $this->isQuestion = !$this->proven && in_array($state, [Card::LINKED, Card::QUESTION], true);
        $this->questions = $this->isQuestion
            ? array_values(array_intersect(SecondFact::ALL, (array) ($front['questions'] ?? [])))
            : [];
        $this->asksForClaim = !$this->proven;
        $this->notice = self::notice($state, $claims[0] ?? null, (array) ($front['inbox'] ?? []), $now);
        $this->card = $this->proven ? $front : [];
    }

    /** @param array<string, mixed> $outcomes what the program made of the newest claims, by row key */
    private static function notice(string $state, ?Inbox $newest, array $outcomes, \DateTimeInterface $now): ?string
    {
        $outcome = $newest === null ? null : (string) ($outcomes[$newest->getRowKey()] ?? '');
        if ($newest !== null && in_array($outcome, ['', 'received'], true)) {
            return self::isOverdue($newest, $now) ? self::DELAYED : self::CHECKING;
        }
        if ($state === Card::QUESTION && $outcome === Card::NOT_CONFIRMED) {
            return Card::NOT_CONFIRMED;
        }

        return in_array($state, [Card::WAITING_FOR_STORE, Card::NOT_CONFIRMED], true) ? $state : null;
    }

    private static function isOverdue(Inbox $claim, \DateTimeInterface $now): bool
    {
        $typed = $claim->getCreateDate();

        return $typed !== null && (clone $typed)->modify('+' . Inbox::FETCHED_WITHIN) < $now;
    }
}
