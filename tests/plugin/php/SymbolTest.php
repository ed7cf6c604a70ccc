<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PHPUnit\Framework\TestCase;
use Plugin\EccubeSync42\Service\Symbol;

final class SymbolTest extends TestCase
{
    private const EAN13_MODULES = 95;
    private const QUIET_MODULES = 22;

    public function testAnEan13HasItsWidthAndAQuietZone(): void
    {
        $barcode = Symbol::barcode('2900000002081', 'ean13');
        self::assertSame(self::EAN13_MODULES + self::QUIET_MODULES, $this->width($barcode));
    }

    public function testANumberThatIsNoEan13IsDrawnAsCode128(): void
    {
        $code128 = Symbol::barcode('2900000002080', 'code128');
        self::assertNotSame('', $code128);
        self::assertSame($code128, Symbol::barcode('2900000002080', 'ean13'), 'wrong check digit');
        self::assertNotSame('', Symbol::barcode('AB-123', 'ean13'));
    }

    public function testWhatNoSymbolCanCarryIsNotDrawn(): void
    {
        self::assertSame('', Symbol::barcode('会員', 'code128'));
        self::assertSame('', Symbol::barcode('', 'ean13'));
    }

    public function testAQrIsSquareWithAQuietZone(): void
    {
        self::assertMatchesRegularExpression('/viewBox="0 0 (\d+) \1"/', Symbol::qr('2900000002081'));
    }

    private function width(string $svg): int
    {
        self::assertSame(1, preg_match('/viewBox="0 0 (\d+) /', $svg, $found));

        return (int) $found[1];
    }
}
