<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Entity\Customer;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Repository\InboxRepository;

/**
 * Seals what the program shall know and puts it into the inbox.
 */
class InboxWriter
{
    /** Bytes of a file in one row: sealed it stays far below the smallest max_allowed_packet. */
    public const PART_SIZE = 196608;

    /** @var Settings */
    private $settings;

    /** @var InboxRepository */
    private $inbox;

    public function __construct(Settings $settings, InboxRepository $inbox)
    {
        $this->settings = $settings;
        $this->inbox = $inbox;
    }

    /**
     * @param array<string, mixed> $payload
     * @param array<string, mixed> $memo    what the shop lists of it; nothing that has to stay sealed
     *
     * @return string the row's key
     *
     * @throws \RuntimeException without a connection
     */
    public function write(string $kind, ?Customer $customer, array $payload, array $memo = []): string
    {
        $rowKey = $this->insert($kind, $customer, $payload, $memo);
        $this->inbox->purge();

        return $rowKey;
    }

    /**
     * What a customer typed: the address only as a mark that tells two apart.
     *
     * @param array<string, string> $claim
     */
    public function writeClaim(string $kind, Customer $customer, array $claim, string $address, string $from): void
    {
        $claim += ['origin' => $this->connection()->origin($address), 'from' => $from];
        $this->write($kind, $customer, $claim);
    }

    /**
     * A file in parts. The first row, which carries the memo, comes last: with it the file is whole.
     *
     * @param array<string, mixed> $head purpose, name, source, actor, permission
     */
    public function writeFile(array $head, string $content): void
    {
        $parts = str_split($content, self::PART_SIZE);
        $head += [
            'upload' => bin2hex(random_bytes(16)),
            'parts' => count($parts),
            'size' => strlen($content),
            'sha256' => hash('sha256', $content),
        ];
        $keys = [];
        foreach (array_reverse($parts, true) as $index => $part) {
            $payload = $head + ['part' => $index + 1, 'data' => base64_encode($part)];
            $memo = $index > 0 ? [] : [
                'actor' => $head['actor'],
                'purpose' => $head['purpose'],
                'name' => $head['name'],
                'size' => $head['size'],
                'lines' => substr_count($content, "\n"),
                'rest' => $keys,
            ];
            $keys[] = $this->insert(Inbox::UPLOAD, null, $payload, $memo);
        }
        $this->inbox->purge();
    }

    /**
     * @param array<string, mixed> $payload
     * @param array<string, mixed> $memo
     */
    private function insert(string $kind, ?Customer $customer, array $payload, array $memo): string
    {
        $connection = $this->connection();
        $customerId = $customer === null ? null : (int) $customer->getId();
        $rowKey = bin2hex(random_bytes(16));
        $sealed = $connection->seal(['v' => 1, 'at' => gmdate('Y-m-d\TH:i:s\Z')] + $payload);
        $this->inbox->add([
            'row_key' => $rowKey,
            'kind' => $kind,
            'customer_id' => $customerId,
            'sealed' => $sealed,
            'mac' => $connection->mac($rowKey, $kind, $customerId, $sealed),
            'memo' => $memo ? json_encode($memo, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR) : null,
        ]);

        return $rowKey;
    }

    private function connection(): Connection
    {
        $connection = $this->settings->connection();
        if ($connection === null) {
            throw new \RuntimeException('no connection line');
        }

        return $connection;
    }
}
