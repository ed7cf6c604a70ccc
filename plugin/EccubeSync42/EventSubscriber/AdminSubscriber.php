<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\EventSubscriber;

use Eccube\Entity\Customer;
use Eccube\Event\EccubeEvents;
use Eccube\Event\EventArgs;
use Eccube\Event\TemplateEvent;
use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Install\CsvColumn;
use Plugin\EccubeSync42\Repository\CardRepository;
use Plugin\EccubeSync42\Service\CustomerPanel;
use Plugin\EccubeSync42\Service\Program;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;

/**
 * The class in EC-CUBE's own admin pages: list, CSV, customer page, and a banner when something is wrong.
 */
class AdminSubscriber implements EventSubscriberInterface
{
    /** @var CardRepository */
    private $cards;

    /** @var Program */
    private $program;

    /** @var CustomerPanel */
    private $panel;

    /** @var array<int, true>|null customers of class store, for the CSV */
    private $members;

    public function __construct(CardRepository $cards, Program $program, CustomerPanel $panel)
    {
        $this->cards = $cards;
        $this->program = $program;
        $this->panel = $panel;
    }

    public static function getSubscribedEvents(): array
    {
        return [
            '@admin/index.twig' => 'onHome',
            '@admin/Customer/index.twig' => 'onList',
            '@admin/Customer/edit.twig' => 'onCustomer',
            EccubeEvents::ADMIN_CUSTOMER_CSV_EXPORT => 'onCsv',
        ];
    }

    public function onHome(TemplateEvent $event): void
    {
        $this->warn($event);
    }

    public function onList(TemplateEvent $event): void
    {
        $this->warn($event);
        $ids = [];
        /** @var Customer $customer */
        foreach ($event->getParameter('pagination') ?: [] as $customer) {
            $ids[] = (int) $customer->getId();
        }
        $badges = [];
        foreach ($this->cards->ofCustomers($ids) as $id => $card) {
            if ($card->getMembershipClass() === Card::STORE) {
                $badges[$id] = $this->program->label(Card::STORE);
            }
        }
        $event->setParameter('eccube_sync42_badges', $badges);
        $event->addSnippet('@EccubeSync42/admin/badges.twig');
    }

    public function onCustomer(TemplateEvent $event): void
    {
        $this->warn($event);
        $customer = $event->getParameter('Customer');
        if ($customer instanceof Customer && $customer->getId()) {
            $event->setParameter('eccube_sync42_panel', $this->panel->of($customer));
            $event->addSnippet('@EccubeSync42/admin/panel.twig');
        }
    }

    public function onCsv(EventArgs $event): void
    {
        if (!CsvColumn::is($event->getArgument('Csv'))) {
            return;
        }
        if ($this->members === null) {
            $this->members = $this->cards->storeCustomerIds();
        }
        $class = isset($this->members[$event->getArgument('Customer')->getId()]) ? Card::STORE : Card::EC_ONLY;
        $event->getArgument('ExportCsvRow')->setData($this->program->label($class) ?: $class);
    }

    private function warn(TemplateEvent $event): void
    {
        $problems = $this->program->problems();
        if ($problems) {
            $event->setParameter('eccube_sync42_problems', $problems);
            $event->setParameter('eccube_sync42_last_good_run', $this->program->lastGoodRun());
            $event->addSnippet('@EccubeSync42/admin/banner.twig');
        }
    }
}
