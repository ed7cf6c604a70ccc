<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * A fact the store knows about a member, by which a customer shows that the member number is theirs.
 */
final class SecondFact
{
    public const BIRTH_DATE = 'birth_date';
    public const PHONE_LAST4 = 'phone_last4';
    public const PIN = 'pin';

    public const ALL = [self::BIRTH_DATE, self::PHONE_LAST4, self::PIN];

    private const PIN_LENGTH = 32;

    /** The answer as the program compares it; null when it cannot be an answer to this question. */
    public static function read(string $fact, string $typed): ?string
    {
        $text = Typed::halfWidth($typed);
        switch ($fact) {
            case self::BIRTH_DATE:
                return self::date($text);
            case self::PHONE_LAST4:
                $digits = preg_replace('/[^0-9]/', '', $text);

                return in_array(strlen($digits), [4, 10, 11], true) ? substr($digits, -4) : null;
            case self::PIN:
                return $text !== '' && mb_strlen($text) <= self::PIN_LENGTH ? $text : null;
            default:
                return null;
        }
    }

    private static function date(string $text): ?string
    {
        if (
            !preg_match('/^(\d{4})(?:\D*)(\d{2})(?:\D*)(\d{2})\D*$/D', $text, $found)
            && !preg_match('/^(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D*$/D', $text, $found)
        ) {
            return null;
        }
        [, $year, $month, $day] = array_map('intval', $found);

        return checkdate($month, $day, $year) ? sprintf('%04d-%02d-%02d', $year, $month, $day) : null;
    }
}
