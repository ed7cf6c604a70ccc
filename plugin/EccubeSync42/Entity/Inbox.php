<?php

namespace Plugin\EccubeSync42\Entity;

use Doctrine\ORM\Mapping as ORM;
use Eccube\Entity\AbstractEntity;

/**
 * One thing the shop tells the program. Rows are added and, when old, removed; the program only reads them.
 *
 * @ORM\Table(
 *     name="plg_eccube_sync42_inbox",
 *     uniqueConstraints={@ORM\UniqueConstraint(name="plg_eccube_sync42_inbox_row_key", columns={"row_key"})},
 *     indexes={@ORM\Index(name="plg_eccube_sync42_inbox_create_date", columns={"create_date"})}
 * )
 * @ORM\InheritanceType("SINGLE_TABLE")
 * @ORM\DiscriminatorColumn(name="discriminator_type", type="string", length=255)
 * @ORM\HasLifecycleCallbacks()
 * @ORM\Entity(repositoryClass="Plugin\EccubeSync42\Repository\InboxRepository")
 */
class Inbox extends AbstractEntity
{
    public const LINK_CODE = 'link_code';
    public const CARD = 'card';
    public const PROOF = 'proof';
    public const REQUEST = 'request';
    public const UPLOAD = 'upload';
    public const DOWNLOAD = 'download';

    /** What customers typed. */
    public const CLAIMS = [self::LINK_CODE, self::CARD, self::PROOF];

    /** What customers and staff wait for longest before it counts as not fetched. */
    public const FETCHED_WITHIN = '15 minutes';

    /**
     * @ORM\Column(name="id", type="integer", options={"unsigned":true})
     * @ORM\Id
     * @ORM\GeneratedValue(strategy="IDENTITY")
     *
     * @var int|null
     */
    private $id;

    /**
     * @ORM\Column(name="row_key", type="string", length=32, nullable=true)
     *
     * @var string|null
     */
    private $row_key;

    /**
     * @ORM\Column(name="kind", type="string", length=16, nullable=true)
     *
     * @var string|null
     */
    private $kind;

    /**
     * @ORM\ManyToOne(targetEntity="Eccube\Entity\Customer")
     * @ORM\JoinColumn(name="customer_id", referencedColumnName="id", nullable=true, onDelete="CASCADE")
     *
     * @var \Eccube\Entity\Customer|null
     */
    private $Customer;

    /**
     * What was typed, readable by the program only.
     *
     * @ORM\Column(name="sealed", type="text", nullable=true)
     *
     * @var string|null
     */
    private $sealed;

    /**
     * @ORM\Column(name="mac", type="string", length=64, nullable=true)
     *
     * @var string|null
     */
    private $mac;

    /**
     * JSON for the shop's own lists: who sent which file, or asked for what.
     *
     * @ORM\Column(name="memo", type="text", nullable=true)
     *
     * @var string|null
     */
    private $memo;

    /**
     * @ORM\Column(name="create_date", type="datetimetz", nullable=true)
     *
     * @var \DateTime|null
     */
    private $create_date;

    /**
     * @ORM\Column(name="update_date", type="datetimetz", nullable=true)
     *
     * @var \DateTime|null
     */
    private $update_date;

    public function getId(): ?int
    {
        return $this->id;
    }

    public function getRowKey(): string
    {
        return (string) $this->row_key;
    }

    public function getKind(): string
    {
        return (string) $this->kind;
    }

    public function getCustomer(): ?\Eccube\Entity\Customer
    {
        return $this->Customer;
    }

    /** @return array<string, mixed> */
    public function getMemo(): array
    {
        $memo = json_decode((string) $this->memo, true);

        return is_array($memo) ? $memo : [];
    }

    public function getCreateDate(): ?\DateTime
    {
        return $this->create_date;
    }
}
