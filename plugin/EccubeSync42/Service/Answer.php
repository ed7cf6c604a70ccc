<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * One answer of the program, for the staff.
 */
final class Answer
{
    /** @var bool false when the program refused */
    public $isDone;

    /** @var string one sentence in the shop's language */
    public $text;

    /** @var string|null name of the file that may be fetched */
    public $fileName;

    /** @var array<string, mixed> headline, counts, tables, notes */
    public $report;

    /**
     * @param array<string, mixed> $front
     * @param array<string, mixed> $report
     */
    public function __construct(array $front, array $report)
    {
        $this->isDone = ($front['state'] ?? '') === 'done';
        $this->text = (string) ($front['text'] ?? '');
        $this->fileName = isset($front['file']['name']) ? basename((string) $front['file']['name']) : null;
        $this->report = $report;
    }
}
