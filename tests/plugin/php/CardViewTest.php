<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PHPUnit\Framework\TestCase;
use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Service\CardView;

final class CardViewTest extends TestCase
{
    private const NOW = '2026-11-26 12:00:00';
    private const ROW_KEY = '00000000000000000000000000000001';
    private const PROVEN = ['proven' => true, 'label' => '会員', 'number' => '2900000002081', 'points' => 1200];

    public function testWhoIsUnknownMayTypeACode(): void
    {
        $view = $this->view(null, []);
        self::assertSame('ec_only', $view->class);
        self::assertNull($view->notice);
        self::assertTrue($view->asksForClaim);
        self::assertFalse($view->proven);
    }

    public function testAProvenLinkShowsTheCardAndNoFields(): void
    {
        $view = $this->view($this->card('linked', self::PROVEN), []);
        self::assertTrue($view->proven);
        self::assertSame('2900000002081', $view->card['number']);
        self::assertFalse($view->asksForClaim);
        self::assertSame('store', $view->class);
    }

    /** @dataProvider unproven */
    public function testWithoutProofNothingOfTheStoreRecordIsShown(string $state, array $front): void
    {
        $view = $this->view($this->card($state, $front + ['number' => '2900000002081', 'points' => 5]), []);
        self::assertFalse($view->proven);
        self::assertSame([], $view->card);
        self::assertTrue($view->asksForClaim);
    }

    /** @return iterable<array{string, array<string, mixed>}> */
    public function unproven(): iterable
    {
        yield 'a match' => ['question', ['proven' => false, 'questions' => ['birth_date']]];
        yield 'a match the front calls proven' => ['question', ['proven' => true]];
        yield 'linked, not proven' => ['linked', ['proven' => false]];
        yield 'linked, proven by a word' => ['linked', ['proven' => 'yes']];
        yield 'linked, nothing said' => ['linked', []];
        yield 'not linked' => ['not_linked', ['proven' => true]];
        yield 'waiting' => ['waiting_for_store', ['proven' => true]];
    }

    public function testAMatchIsAskedForFactsThePluginKnows(): void
    {
        $view = $this->view($this->card('question', ['questions' => ['phone_last4', 'shoe_size', 'birth_date']]), []);
        self::assertTrue($view->isQuestion);
        self::assertSame(['birth_date', 'phone_last4'], $view->questions);
    }

    /** @dataProvider outcomes */
    public function testEveryClaimIsAnswered(?string $state, ?string $outcome, string $age, ?string $notice): void
    {
        $inbox = $outcome === null ? [] : [self::ROW_KEY => $outcome];
        $card = $state === null ? null : $this->card($state, ['inbox' => $inbox]);
        self::assertSame($notice, $this->view($card, [$this->claim($age)])->notice);
    }

    /** @return iterable<array{?string, ?string, string, ?string}> */
    public function outcomes(): iterable
    {
        yield 'just typed' => [null, null, '-1 minute', 'checking'];
        yield 'typed again after a failure' => ['not_confirmed', null, '-1 minute', 'checking'];
        yield 'seen, not decided' => ['not_linked', 'received', '-1 minute', 'checking'];
        yield 'nobody fetches it' => [null, null, '-16 minutes', 'delayed'];
        yield 'not in the export yet' => ['waiting_for_store', 'waiting_for_store', '-1 day', 'waiting_for_store'];
        yield 'failed' => ['not_confirmed', 'not_confirmed', '-1 day', 'not_confirmed'];
        yield 'a wrong answer of somebody matched' => ['question', 'not_confirmed', '-1 hour', 'not_confirmed'];
        yield 'failed once, linked since' => ['linked', 'not_confirmed', '-1 day', null];
        yield 'accepted' => ['linked', 'accepted', '-1 minute', null];
    }

    public function testWhatTheProgramSaidLastStandsWhenTheClaimIsForgotten(): void
    {
        self::assertSame('not_confirmed', $this->view($this->card('not_confirmed', []), [])->notice);
    }

    /** @param Inbox[] $claims */
    private function view(?Card $card, array $claims): CardView
    {
        return new CardView($card, $claims, new \DateTimeImmutable(self::NOW));
    }

    /** @param array<string, mixed> $front */
    private function card(string $state, array $front): Card
    {
        return $this->filled(new Card(), [
            'membership_class' => 'store',
            'state' => $state,
            'front' => json_encode($front),
        ]);
    }

    private function claim(string $age): Inbox
    {
        return $this->filled(new Inbox(), [
            'row_key' => self::ROW_KEY,
            'create_date' => (new \DateTime(self::NOW))->modify($age),
        ]);
    }

    /**
     * An entity as Doctrine fills it.
     *
     * @param Card|Inbox           $entity
     * @param array<string, mixed> $values
     *
     * @return Card|Inbox
     */
    private function filled($entity, array $values)
    {
        foreach ($values as $name => $value) {
            $property = new \ReflectionProperty($entity, $name);
            $property->setAccessible(true);
            $property->setValue($entity, $value);
        }

        return $entity;
    }
}
