<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * Bar codes as SVG that fills its place on paper and telephones, with the quiet zone scanners need.
 *
 * The symbols come from TCPDF, which every EC-CUBE brings along.
 */
final class Symbol
{
    private const LINEAR_QUIET = 11;
    private const LINEAR_HEIGHT = 40;
    private const MATRIX_QUIET = 4;

    /** EAN-13 where the number is one, CODE 128 otherwise; '' for a number no symbol can carry. */
    public static function barcode(string $number, string $symbology): string
    {
        $isEan13 = $symbology === 'ean13' && preg_match('/^\d{13}$/D', $number);
        $bars = $isEan13 ? self::linear($number, 'EAN13') : [];
        $bars = $bars ?: self::linear($number, 'C128');
        if (!$bars) {
            return '';
        }
        $x = self::LINEAR_QUIET;
        $path = '';
        foreach ($bars as $bar) {
            if ($bar['t']) {
                $path .= self::rectangle($x, 0, (int) $bar['w'], self::LINEAR_HEIGHT);
            }
            $x += (int) $bar['w'];
        }

        return self::svg($x + self::LINEAR_QUIET, self::LINEAR_HEIGHT, $path);
    }

    public static function qr(string $text): string
    {
        $matrix = (new \TCPDF2DBarcode($text, 'QRCODE,M'))->getBarcodeArray();
        if (empty($matrix['bcode'])) {
            return '';
        }
        $path = '';
        foreach ($matrix['bcode'] as $row => $cells) {
            foreach ($cells as $column => $dark) {
                if ($dark) {
                    $path .= self::rectangle($column + self::MATRIX_QUIET, $row + self::MATRIX_QUIET, 1, 1);
                }
            }
        }
        $side = count($matrix['bcode']) + 2 * self::MATRIX_QUIET;

        return self::svg($side, $side, $path);
    }

    /** @return array<int, array<string, mixed>> bars and spaces with their widths in modules */
    private static function linear(string $number, string $type): array
    {
        if (!preg_match('/^[\x20-\x7e]+$/D', $number)) {
            return [];
        }
        $code = (new \TCPDFBarcode($number, $type))->getBarcodeArray();

        return is_array($code) && !empty($code['bcode']) ? $code['bcode'] : [];
    }

    private static function rectangle(int $x, int $y, int $width, int $height): string
    {
        return sprintf('M%d %dh%dv%dh-%dz', $x, $y, $width, $height, $width);
    }

    private static function svg(int $width, int $height, string $path): string
    {
        return sprintf(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" preserveAspectRatio="none"'
            . ' shape-rendering="crispEdges" role="img"><path fill="#fff" d="M0 0h%1$dv%2$dH0z"/><path d="%s"/></svg>',
            $width,
            $height,
            $path
        );
    }
}
