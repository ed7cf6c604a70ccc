<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PhpParser\Lexer\Emulative;
use PhpParser\NodeTraverser;
use PhpParser\Parser\Php7;
use PHPUnit\Framework\TestCase;

/**
 * EC-CUBE 4.2 runs on PHP 7.4; the PHP that runs the tests is newer and would not complain.
 */
final class SyntaxTest extends TestCase
{
    /** @dataProvider files */
    public function testIsReadByPhp74(string $path): void
    {
        self::assertSame([], $this->problems((string) file_get_contents($path)));
    }

    /** @return iterable<array{string}> */
    public function files(): iterable
    {
        $root = dirname(__DIR__, 3) . '/plugin/EccubeSync42';
        $files = new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator($root, \FilesystemIterator::SKIP_DOTS));
        /** @var \SplFileInfo $file */
        foreach ($files as $file) {
            if ($file->getExtension() === 'php') {
                yield substr($file->getPathname(), strlen($root)) => [$file->getPathname()];
            }
        }
    }

    /** @dataProvider tooNew */
    public function testFindsWhatPhp74DoesNotRead(string $code): void
    {
        self::assertNotSame([], $this->problems('<?php ' . $code));
    }

    /** @return iterable<array{string}> */
    public function tooNew(): iterable
    {
        yield ['$a = match ($b) { 1 => 2, default => 3 };'];
        yield ['$a = $b?->c;'];
        yield ['$a = $b?->c();'];
        yield ['function f(int|string $a) {}'];
        yield ['class A { function __construct(private int $a) {} }'];
        yield ['f(a: 1);'];
        yield ['#[A] class B {}'];
        yield ['try { f(); } catch (A) {}'];
        yield ['$a = $b ?? throw new C();'];
        yield ['function f(): static {}'];
        yield ['function f(mixed $a) {}'];
        yield ['function f(): never {}'];
        yield ['enum A { case B; }'];
        yield ['class A { public readonly int $a; }'];
        yield ['$a = f(...);'];
        yield ['$a = $b::class;'];
        yield ['function f($a, $b,) {}'];
        yield ['$a = str_contains($b, $c);'];
    }

    public function testWhatPhp74ReadsIsLetThrough(): void
    {
        $code = '<?php $a = static fn (?int $b): ?int => $b ?? f($b, ...$c); $a ??= A::class;';
        self::assertSame([], $this->problems($code));
    }

    /** @return string[] */
    private function problems(string $code): array
    {
        $lexer = new Emulative([
            'phpVersion' => '7.4',
            'usedAttributes' => ['startLine', 'endLine', 'startTokenPos', 'endTokenPos'],
        ]);
        try {
            $statements = (new Php7($lexer))->parse($code) ?? [];
        } catch (\PhpParser\Error $error) {
            return [$error->getMessage()];
        }
        $visitor = new Php74Rules($lexer->getTokens());
        $traverser = new NodeTraverser();
        $traverser->addVisitor($visitor);
        $traverser->traverse($statements);

        return $visitor->problems;
    }
}
