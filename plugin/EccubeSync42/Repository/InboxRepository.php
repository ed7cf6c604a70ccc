<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Repository;

use Doctrine\Persistence\ManagerRegistry;
use Eccube\Repository\AbstractRepository;
use Plugin\EccubeSync42\Entity\Inbox;

/**
 * What the shop told the program. Rows are written by SQL, so that a fault never closes the shop's entity manager.
 */
class InboxRepository extends AbstractRepository
{
    public const TABLE = 'plg_eccube_sync42_inbox';

    private const KEPT = '-90 days';
    private const UPLOAD_KEPT = '-2 days';

    public function __construct(ManagerRegistry $registry)
    {
        parent::__construct($registry, Inbox::class);
    }

    /** @param array<string, mixed> $row columns without those the table fills itself */
    public function add(array $row): void
    {
        $now = new \DateTime();
        $row += ['create_date' => $now, 'update_date' => $now, 'discriminator_type' => 'inbox'];
        $types = ['create_date' => 'datetimetz', 'update_date' => 'datetimetz'];
        $this->getEntityManager()->getConnection()->insert(self::TABLE, $row, $types);
    }

    /**
     * What a customer typed, newest first.
     *
     * @return Inbox[]
     */
    public function newestClaims(int $customerId, int $limit = 10): array
    {
        return $this->findBy(
            ['Customer' => $customerId, 'kind' => Inbox::CLAIMS],
            ['create_date' => 'DESC', 'id' => 'DESC'],
            $limit
        );
    }

    public function countClaims(int $customerId, \DateTimeInterface $since): int
    {
        return (int) $this->createQueryBuilder('i')
            ->select('COUNT(i.id)')
            ->where('i.Customer = :customer AND i.kind IN (:claims) AND i.create_date >= :since')
            ->setParameter('customer', $customerId)
            ->setParameter('claims', Inbox::CLAIMS)
            ->setParameter('since', $since, 'datetimetz')
            ->getQuery()
            ->getSingleScalarResult();
    }

    /**
     * The newest rows of these kinds; of an upload its first part only. A claim without a customer is not the plugin's.
     *
     * @param string[] $kinds
     *
     * @return Inbox[]
     */
    public function newest(array $kinds, int $limit, ?int $customerId = null): array
    {
        $builder = $this->createQueryBuilder('i')
            ->where('i.kind IN (:kinds) AND (i.kind <> :upload OR i.memo IS NOT NULL)')
            ->andWhere('i.Customer IS NOT NULL OR i.kind NOT IN (:claims)')
            ->setParameter('kinds', $kinds)
            ->setParameter('claims', Inbox::CLAIMS)
            ->setParameter('upload', Inbox::UPLOAD)
            ->orderBy('i.create_date', 'DESC')
            ->addOrderBy('i.id', 'DESC')
            ->setMaxResults($limit);
        if ($customerId !== null) {
            $builder->andWhere('i.Customer = :customer')->setParameter('customer', $customerId);
        }

        return $builder->getQuery()->getResult();
    }

    /**
     * Whether a row of these days waited too long and nothing shows that the program fetched it.
     */
    public function isLeftLying(\DateTimeInterface $after, \DateTimeInterface $before): bool
    {
        $sql = 'SELECT i.row_key, c.front FROM ' . self::TABLE . ' i'
            . ' LEFT JOIN plg_eccube_sync42_card c ON c.customer_id = i.customer_id'
            . " LEFT JOIN plg_eccube_sync42_card a ON a.name = CONCAT('answer:', i.row_key)"
            . ' WHERE i.create_date > ? AND i.create_date < ? AND i.sealed IS NOT NULL'
            . " AND (i.kind <> 'upload' OR i.memo IS NOT NULL) AND a.id IS NULL"
            . ' ORDER BY i.create_date DESC';
        $rows = $this->getEntityManager()->getConnection()
            ->executeQuery($sql, [$after, $before], ['datetimetz', 'datetimetz'])
            ->fetchAllNumeric();
        foreach ($rows as [$rowKey, $front]) {
            if (strpos((string) $front, (string) $rowKey) === false) {
                return true;
            }
        }

        return false;
    }

    /** Forgets rows nobody needs any more: files after two days or with their answer, all others after ninety. */
    public function purge(): void
    {
        $connection = $this->getEntityManager()->getConnection();
        $connection->executeStatement(
            'DELETE FROM ' . self::TABLE
            . " WHERE create_date < ? OR (kind = 'upload' AND memo IS NULL AND create_date < ?)",
            [new \DateTime(self::KEPT), new \DateTime(self::UPLOAD_KEPT)],
            ['datetimetz', 'datetimetz']
        );
    }

    /** Takes the file out of an answered upload; who sent what stays. */
    public function forgetFile(Inbox $first): void
    {
        $connection = $this->getEntityManager()->getConnection();
        foreach ($first->getMemo()['rest'] ?? [] as $rowKey) {
            $connection->delete(self::TABLE, ['row_key' => $rowKey]);
        }
        $connection->update(self::TABLE, ['sealed' => null, 'mac' => null], ['row_key' => $first->getRowKey()]);
    }
}
