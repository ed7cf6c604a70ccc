<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PHPUnit\Framework\TestCase;
use Plugin\EccubeSync42\Service\LinkCode;

final class LinkCodeTest extends TestCase
{
    /** @dataProvider typed */
    public function testReadsWhatTheProgramReads(string $typed, ?string $code): void
    {
        self::assertSame($code, LinkCode::read($typed));
    }

    /** @return iterable<array{string, ?string}> */
    public function typed(): iterable
    {
        foreach (Vectors::of('code') as $vector) {
            yield $vector['typed'] => [$vector['typed'], $vector['code']];
        }
    }

    public function testFindsEverySingleMistypedSymbol(): void
    {
        $code = 'K7F3M9QX2C';
        for ($position = 0; $position < LinkCode::LENGTH; ++$position) {
            foreach (str_split(LinkCode::ALPHABET) as $symbol) {
                $typed = substr_replace($code, $symbol, $position, 1);
                self::assertSame($typed === $code ? $code : null, LinkCode::read($typed), $typed);
            }
        }
    }

    public function testIsPrintedInTwoGroups(): void
    {
        self::assertSame('K7F3M-9QX2C', LinkCode::printed('K7F3M9QX2C'));
    }

    public function testTextThatIsNoTextIsNoCode(): void
    {
        self::assertNull(LinkCode::read("K7F3M9QX2C\xff"));
        self::assertNull(LinkCode::read("K7F3M9QX2C\n\0"));
    }
}
