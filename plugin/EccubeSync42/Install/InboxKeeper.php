<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Install;

use Doctrine\DBAL\Connection;
use Eccube\Common\EccubeConfig;
use Plugin\EccubeSync42\Repository\InboxRepository;
use Plugin\EccubeSync42\Service\DataFolder;
use Psr\Container\ContainerInterface;

/**
 * Uninstalling drops the tables. The program can write the cards again, but not what customers typed: that is kept.
 */
final class InboxKeeper
{
    private const FILE = 'inbox.json';
    private const COLUMNS = 'row_key, kind, customer_id, sealed, mac, memo,'
        . ' create_date, update_date, discriminator_type';

    /** @var Connection */
    private $connection;

    /** @var DataFolder */
    private $folder;

    private function __construct(Connection $connection, DataFolder $folder)
    {
        $this->connection = $connection;
        $this->folder = $folder;
    }

    public static function of(ContainerInterface $container): self
    {
        $config = $container->get(EccubeConfig::class);

        return new self(
            $container->get('doctrine')->getConnection(),
            DataFolder::below((string) $config['plugin_data_realdir'])
        );
    }

    /** Copies the inbox to a file, sealed as it is. */
    public function putAside(): void
    {
        $rows = $this->connection->fetchAllAssociative('SELECT ' . self::COLUMNS . ' FROM ' . InboxRepository::TABLE);
        if ($rows) {
            $this->folder->write(self::FILE, json_encode($rows, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR));
        }
    }

    /** Fills the new table again, without the rows of customers who are gone. */
    public function bringBack(): void
    {
        $rows = json_decode($this->folder->read(self::FILE) ?? '', true);
        foreach (is_array($rows) ? $rows : [] as $row) {
            if (
                !$this->isThere('dtb_customer', 'id', $row['customer_id'])
                || $this->isThere(InboxRepository::TABLE, 'row_key', $row['row_key'])
            ) {
                continue;
            }
            $this->connection->insert(InboxRepository::TABLE, $row);
        }
        $this->folder->remove(self::FILE);
    }

    /** @param mixed $value null is always there */
    private function isThere(string $table, string $column, $value): bool
    {
        return $value === null
            || $this->connection->fetchOne("SELECT 1 FROM $table WHERE $column = ?", [$value]) !== false;
    }
}
