<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Install;

use Doctrine\ORM\EntityManagerInterface;
use Eccube\Entity\Csv;
use Eccube\Entity\Master\CsvType;

/**
 * The class as a column of the customer CSV; the shop places or leaves it out like any other.
 */
final class CsvColumn
{
    public const ENTITY = 'Plugin\\EccubeSync42\\Entity\\Card';
    public const FIELD = 'membership_class';

    private const NAME = '会員区分(店舗連携)';

    /** @var EntityManagerInterface */
    private $entityManager;

    public function __construct(EntityManagerInterface $entityManager)
    {
        $this->entityManager = $entityManager;
    }

    /** Whether a column of a CSV is ours. */
    public static function is(Csv $csv): bool
    {
        return $csv->getEntityName() === self::ENTITY && $csv->getFieldName() === self::FIELD;
    }

    public function add(): void
    {
        if ($this->find() !== null) {
            return;
        }
        $type = $this->entityManager->find(CsvType::class, CsvType::CSV_TYPE_CUSTOMER);
        $last = $this->entityManager->getRepository(Csv::class)->findOneBy(['CsvType' => $type], ['sort_no' => 'DESC']);
        $csv = new Csv();
        $csv->setCsvType($type)
            ->setEntityName(self::ENTITY)
            ->setFieldName(self::FIELD)
            ->setDispName(self::NAME)
            ->setSortNo($last === null ? 1 : $last->getSortNo() + 1)
            ->setEnabled(true);
        $this->entityManager->persist($csv);
        $this->entityManager->flush();
    }

    public function remove(): void
    {
        $csv = $this->find();
        if ($csv !== null) {
            $this->entityManager->remove($csv);
            $this->entityManager->flush();
        }
    }

    private function find(): ?Csv
    {
        return $this->entityManager->getRepository(Csv::class)
            ->findOneBy(['entity_name' => self::ENTITY, 'field_name' => self::FIELD]);
    }
}
