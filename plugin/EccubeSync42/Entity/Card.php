<?php

namespace Plugin\EccubeSync42\Entity;

use Doctrine\ORM\Mapping as ORM;
use Eccube\Entity\AbstractEntity;

/**
 * One thing the program tells the shop: about a customer, about itself, or in answer to an inbox row.
 *
 * The program writes these rows and can write them all again; the plugin only reads them.
 *
 * @ORM\Table(
 *     name="plg_eccube_sync42_card",
 *     uniqueConstraints={
 *         @ORM\UniqueConstraint(name="plg_eccube_sync42_card_name", columns={"name"}),
 *         @ORM\UniqueConstraint(name="plg_eccube_sync42_card_customer_id", columns={"customer_id"})
 *     },
 *     indexes={
 *         @ORM\Index(name="plg_eccube_sync42_card_membership_class", columns={"membership_class"}),
 *         @ORM\Index(name="plg_eccube_sync42_card_state", columns={"state"})
 *     }
 * )
 * @ORM\InheritanceType("SINGLE_TABLE")
 * @ORM\DiscriminatorColumn(name="discriminator_type", type="string", length=255)
 * @ORM\HasLifecycleCallbacks()
 * @ORM\Entity(repositoryClass="Plugin\EccubeSync42\Repository\CardRepository")
 */
class Card extends AbstractEntity
{
    public const STORE = 'store';
    public const EC_ONLY = 'ec_only';

    public const LINKED = 'linked';
    public const QUESTION = 'question';
    public const WAITING_FOR_STORE = 'waiting_for_store';
    public const NOT_CONFIRMED = 'not_confirmed';
    public const NOT_LINKED = 'not_linked';

    /**
     * @ORM\Column(name="id", type="integer", options={"unsigned":true})
     * @ORM\Id
     * @ORM\GeneratedValue(strategy="IDENTITY")
     *
     * @var int|null
     */
    private $id;

    /**
     * @ORM\Column(name="name", type="string", length=80, nullable=true)
     *
     * @var string|null
     */
    private $name;

    /**
     * @ORM\Column(name="kind", type="string", length=16, nullable=true)
     *
     * @var string|null
     */
    private $kind;

    /**
     * @ORM\OneToOne(targetEntity="Eccube\Entity\Customer")
     * @ORM\JoinColumn(name="customer_id", referencedColumnName="id", nullable=true, onDelete="CASCADE")
     *
     * @var \Eccube\Entity\Customer|null
     */
    private $Customer;

    /**
     * @ORM\Column(name="membership_class", type="string", length=16, nullable=true)
     *
     * @var string|null
     */
    private $membership_class;

    /**
     * @ORM\Column(name="state", type="string", length=24, nullable=true)
     *
     * @var string|null
     */
    private $state;

    /**
     * JSON for the customer's eyes.
     *
     * @ORM\Column(name="front", type="text", nullable=true)
     *
     * @var string|null
     */
    private $front;

    /**
     * JSON for the staff only.
     *
     * @ORM\Column(name="panel", type="text", nullable=true)
     *
     * @var string|null
     */
    private $panel;

    /**
     * @ORM\Column(name="sealed", type="text", nullable=true)
     *
     * @var string|null
     */
    private $sealed;

    /**
     * @ORM\Column(name="digest", type="string", length=64, nullable=true)
     *
     * @var string|null
     */
    private $digest;

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

    public function getName(): string
    {
        return (string) $this->name;
    }

    public function getCustomer(): ?\Eccube\Entity\Customer
    {
        return $this->Customer;
    }

    public function getMembershipClass(): string
    {
        return $this->membership_class === self::STORE ? self::STORE : self::EC_ONLY;
    }

    public function getState(): string
    {
        return $this->state === null || $this->state === '' ? self::NOT_LINKED : $this->state;
    }

    /** @return array<string, mixed> */
    public function getFront(): array
    {
        return self::decoded($this->front);
    }

    /** @return array<string, mixed> */
    public function getPanel(): array
    {
        return self::decoded($this->panel);
    }

    public function getSealed(): string
    {
        return (string) $this->sealed;
    }

    /** @return array<string, mixed> */
    private static function decoded(?string $json): array
    {
        $decoded = json_decode((string) $json, true);

        return is_array($decoded) ? $decoded : [];
    }
}
