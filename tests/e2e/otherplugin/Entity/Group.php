<?php

namespace Plugin\SyncTestGroups42\Entity;

use Doctrine\ORM\Mapping as ORM;
use Eccube\Entity\AbstractEntity;

/**
 * A customer group, in the tables a widespread plugin uses.
 *
 * @ORM\Table(name="plg_customer_group")
 * @ORM\InheritanceType("SINGLE_TABLE")
 * @ORM\DiscriminatorColumn(name="discriminator_type", type="string", length=255)
 * @ORM\Entity
 */
class Group extends AbstractEntity
{
    /**
     * @ORM\Column(name="id", type="integer", options={"unsigned":true})
     * @ORM\Id
     * @ORM\GeneratedValue(strategy="IDENTITY")
     */
    private $id;

    /** @ORM\Column(name="name", type="string", length=255) */
    private $name;

    /** @ORM\Column(name="backend_name", type="string", length=255, nullable=true) */
    private $backend_name;

    /**
     * @ORM\ManyToMany(targetEntity="Eccube\Entity\Customer")
     * @ORM\JoinTable(
     *     name="plg_customer_group_customers_groups",
     *     joinColumns={@ORM\JoinColumn(name="group_id", referencedColumnName="id", onDelete="CASCADE")},
     *     inverseJoinColumns={@ORM\JoinColumn(name="customer_id", referencedColumnName="id", onDelete="CASCADE")}
     * )
     */
    private $Customers;
}
