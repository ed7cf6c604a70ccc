<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PHPUnit\Framework\TestCase;
use Symfony\Bridge\Twig\TokenParser\FormThemeTokenParser;
use Twig\Environment;
use Twig\Loader\FilesystemLoader;
use Twig\TwigFilter;
use Twig\TwigFunction;

final class TemplateTest extends TestCase
{
    private const TEMPLATES = __DIR__ . '/../../../plugin/EccubeSync42/Resource/template';

    /** @dataProvider templates */
    public function testIsReadByTwig(string $name): void
    {
        $twig = new Environment(new FilesystemLoader(self::TEMPLATES));
        $twig->addTokenParser(new FormThemeTokenParser());
        // EC-CUBE and Symfony bring these; here it is enough that they could be there.
        $twig->registerUndefinedFunctionCallback(static function (string $function): TwigFunction {
            return new TwigFunction($function);
        });
        $twig->registerUndefinedFilterCallback(static function (string $filter): TwigFilter {
            return new TwigFilter($filter);
        });
        $source = $twig->getLoader()->getSourceContext($name);
        $module = $twig->parse($twig->tokenize($source));
        self::assertSame($name, $module->getSourceContext()->getName());
    }

    /** @return iterable<array{string}> */
    public function templates(): iterable
    {
        foreach (['', 'admin/'] as $folder) {
            foreach (glob(self::TEMPLATES . '/' . $folder . '*.twig') ?: [] as $path) {
                yield [$folder . basename($path)];
            }
        }
    }
}
