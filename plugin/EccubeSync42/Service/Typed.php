<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * What a hurried customer typed, in one width and without anything between the signs.
 */
final class Typed
{
    /** White space and dashes of every kind; the same signs as in the program's linkcode.py. */
    private const BETWEEN = '/[\s_.,·・･ーｰ〜~'
        . '\x{1c}-\x{1f}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}'
        . '\x{ad}\x{200b}-\x{200f}\x{2010}-\x{2015}\x{2060}\x{2212}\x{2500}\x{feff}\x{fe58}\x{fe63}-]+/u';

    /** Half width (NFKC) without spaces and dashes; '' when it is no text at all. */
    public static function plain(string $typed): string
    {
        return self::close(self::halfWidth(self::close($typed)));
    }

    /** Half width (NFKC) without spaces around it; '' when it is no text at all. */
    public static function halfWidth(string $typed): string
    {
        $normal = \Normalizer::normalize($typed, \Normalizer::FORM_KC);

        return $normal === false ? '' : trim($normal, " \t\r\n");
    }

    private static function close(string $text): string
    {
        return preg_replace(self::BETWEEN, '', $text) ?? '';
    }
}
