<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Repository\CardRepository;

/**
 * What the program answered to rows of the inbox.
 */
class AnswerReader
{
    /** @var Settings */
    private $settings;

    /** @var CardRepository */
    private $cards;

    public function __construct(Settings $settings, CardRepository $cards)
    {
        $this->settings = $settings;
        $this->cards = $cards;
    }

    /** @return Answer|null null while there is none */
    public function answerTo(Inbox $row): ?Answer
    {
        $card = $this->cards->answerTo($row->getRowKey());

        return $card === null ? null : new Answer($card->getFront(), $this->report($card));
    }

    /** The bytes of the file of an answer; null when a part is missing or was changed on its way. */
    public function fileOf(string $rowKey): ?string
    {
        $card = $this->cards->answerTo($rowKey);
        $file = $card === null ? null : ($card->getFront()['file'] ?? null);
        $connection = $this->settings->connection();
        if (!is_array($file) || $connection === null) {
            return null;
        }
        $bytes = '';
        for ($number = 1; $number <= (int) $file['parts']; ++$number) {
            $part = $this->cards->partOf($rowKey, $number);
            $opened = $part === null ? null : $connection->open($part->getSealed());
            if ($opened === null) {
                return null;
            }
            $bytes .= $opened;
        }

        return hash_equals((string) $file['sha256'], hash('sha256', $bytes)) ? $bytes : null;
    }

    /** @return array<string, mixed> */
    private function report(Card $card): array
    {
        $connection = $this->settings->connection();
        if ($card->getSealed() === '' || $connection === null) {
            return [];
        }
        $report = json_decode((string) $connection->open($card->getSealed()), true);

        return is_array($report) ? $report : [];
    }
}
