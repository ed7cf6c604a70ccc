<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PHPUnit\Framework\TestCase;
use Plugin\EccubeSync42\Service\SecondFact;

final class SecondFactTest extends TestCase
{
    /** @dataProvider answers */
    public function testReadsAnswersAsPeopleWriteThem(string $fact, string $typed, ?string $answer): void
    {
        self::assertSame($answer, SecondFact::read($fact, $typed));
    }

    /** @return iterable<array{string, string, ?string}> */
    public function answers(): iterable
    {
        foreach (['19800505', '1980-05-05', '1980/5/5', '1980年5月5日', '１９８０年０５月０５日', ' 1980.5.5 '] as $typed) {
            yield [SecondFact::BIRTH_DATE, $typed, '1980-05-05'];
        }
        foreach (['1980-02-30', '80/5/5', '1980', '5/5/1980', '', '1980-5-5-5'] as $typed) {
            yield [SecondFact::BIRTH_DATE, $typed, null];
        }
        yield [SecondFact::PHONE_LAST4, '００４２', '0042'];
        yield [SecondFact::PHONE_LAST4, '090-1234-0042', '0042'];
        yield [SecondFact::PHONE_LAST4, '042', null];
        yield [SecondFact::PHONE_LAST4, '12345', null];
        yield [SecondFact::PIN, ' １２３４ ', '1234'];
        yield [SecondFact::PIN, '', null];
        yield [SecondFact::PIN, str_repeat('1', 33), null];
        yield ['shoe_size', '42', null];
    }
}
