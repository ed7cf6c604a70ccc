<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PHPUnit\Framework\TestCase;
use Plugin\EccubeSync42\Service\DataFolder;

final class DataFolderTest extends TestCase
{
    /** @var string */
    private $parent;

    protected function setUp(): void
    {
        $this->parent = sys_get_temp_dir() . '/' . bin2hex(random_bytes(8));
        mkdir($this->parent);
    }

    protected function tearDown(): void
    {
        array_map('unlink', glob($this->parent . '/EccubeSync42/*') ?: []);
        @rmdir($this->parent . '/EccubeSync42');
        rmdir($this->parent);
    }

    public function testKeepsAFileForTheShopOnly(): void
    {
        $folder = DataFolder::below($this->parent);
        self::assertNull($folder->read('connection'));
        $folder->write('connection', 'es42');
        $folder->write('connection', 'es42 again');
        self::assertSame('es42 again', $folder->read('connection'));
        self::assertSame(0600, fileperms($this->parent . '/EccubeSync42/connection') & 0777);
        self::assertSame(0700, fileperms($this->parent . '/EccubeSync42') & 0777);
        $folder->remove('connection');
        self::assertNull($folder->read('connection'));
    }
}
