<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * Link codes as customers type them: form and check symbol, and nothing about whose code it is.
 */
final class LinkCode
{
    /** No I, L, O, U, which a reader takes for 1, 1, 0, V; no E, which a spreadsheet takes for an exponent. */
    public const ALPHABET = '0123456789ABCDFGHJKMNPQRSTVWXYZ';
    public const LENGTH = 10;

    private const SERIAL_LENGTH = 16;
    private const CHECK_SIGNS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

    /** The ten symbols of the code somebody typed, null when it can be none. A serial in front is passed over. */
    public static function read(string $typed): ?string
    {
        $plain = Typed::plain($typed);
        if (!preg_match('/^[0-9A-Za-z]+$/D', $plain)) {
            return null;
        }
        $length = strlen($plain);
        if ($length < self::LENGTH || $length > self::LENGTH + self::SERIAL_LENGTH) {
            return null;
        }
        $code = strtr(strtoupper(substr($plain, -self::LENGTH)), 'OILU', '011V');

        return strspn($code, self::ALPHABET) === self::LENGTH && self::checks($code) ? $code : null;
    }

    /** A code as it is printed: two groups of five. */
    public static function printed(string $code): string
    {
        return substr($code, 0, 5) . '-' . substr($code, 5);
    }

    /** ISO 7064 MOD 37,36: finds every single mistyped symbol. */
    private static function checks(string $code): bool
    {
        $check = 18;
        foreach (str_split($code) as $symbol) {
            $check = (($check === 0 ? 36 : $check) * 2 % 37 + (int) strpos(self::CHECK_SIGNS, $symbol)) % 36;
        }

        return $check === 1;
    }
}
