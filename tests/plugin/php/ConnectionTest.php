<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PHPUnit\Framework\TestCase;
use Plugin\EccubeSync42\Service\Connection;

final class ConnectionTest extends TestCase
{
    public function testTheLineIsTakenWithSpacesAroundIt(): void
    {
        $line = Vectors::of('connection')['line'];
        $connection = Connection::fromLine("  $line\n");
        self::assertNotNull($connection);
        self::assertSame(substr($line, -8), $connection->check());
    }

    public function testACutOrChangedLineIsRefused(): void
    {
        $line = Vectors::of('connection')['line'];
        $changed = substr_replace($line, $line[10] === 'A' ? 'B' : 'A', 10, 1);
        foreach (['', substr($line, 0, -1), substr($line, 1), $line . '0', $changed] as $wrong) {
            self::assertNull(Connection::fromLine($wrong));
        }
    }

    public function testSignsRowsAsTheProgramDoes(): void
    {
        foreach (Vectors::of('mac') as $vector) {
            $mac = Vectors::connection()->mac(
                $vector['row_key'],
                $vector['kind'],
                $vector['customer_id'],
                $vector['sealed']
            );
            self::assertSame($vector['mac'], $mac);
        }
    }

    public function testSignsCallsAsTheProgramDoes(): void
    {
        foreach (Vectors::of('signature') as $vector) {
            $signature = Vectors::connection()->sign(
                $vector['method'],
                $vector['path'],
                (int) $vector['time'],
                $vector['nonce'],
                $vector['body']
            );
            self::assertSame($vector['signature'], $signature);
        }
    }

    public function testMarksAddressesAsTheProgramDoes(): void
    {
        foreach (Vectors::of('origin') as $vector) {
            self::assertSame($vector['origin'], Vectors::connection()->origin($vector['ip']));
        }
    }

    public function testOpensWhatTheProgramSealed(): void
    {
        foreach (Vectors::of('secretbox') as $vector) {
            self::assertSame($vector['text'], Vectors::connection()->open($vector['sealed']));
        }
    }

    public function testDoesNotOpenWhatSomebodyChanged(): void
    {
        $bytes = (string) base64_decode(Vectors::of('secretbox')[0]['sealed'], true);
        $changed = substr_replace($bytes, chr(ord($bytes[30]) ^ 1), 30, 1);
        foreach (['', '!', base64_encode('short'), base64_encode($changed)] as $wrong) {
            self::assertNull(Vectors::connection()->open($wrong));
        }
    }

    public function testSealsWhatOnlyTheProgramReads(): void
    {
        $payload = ['v' => 1, 'code' => 'K7F3M9QX2C', 'name' => '店舗/会員'];
        $sealed = Vectors::connection()->seal($payload);
        $keys = Vectors::of('connection');
        $pair = sodium_crypto_box_keypair_from_secretkey_and_publickey(
            sodium_hex2bin($keys['secret']),
            sodium_hex2bin($keys['public'])
        );
        $opened = sodium_crypto_box_seal_open((string) base64_decode($sealed, true), $pair);
        self::assertSame($payload, json_decode((string) $opened, true));
        $again = Vectors::connection()->seal($payload);
        self::assertNotSame($sealed, $again, 'two seals must not show that they hold the same');
    }
}
