<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Entity\Customer;
use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Form\Type\Admin\RequestType;
use Plugin\EccubeSync42\Repository\CardRepository;
use Plugin\EccubeSync42\Repository\InboxRepository;
use Symfony\Component\Form\FormFactoryInterface;

/**
 * All the staff may know about a customer's membership, on the customer's page.
 */
class CustomerPanel
{
    private const REQUESTS_SHOWN = 5;

    /** @var CardRepository */
    private $cards;

    /** @var InboxRepository */
    private $inbox;

    /** @var AnswerReader */
    private $answers;

    /** @var Program */
    private $program;

    /** @var Settings */
    private $settings;

    /** @var Permission */
    private $permission;

    /** @var FormFactoryInterface */
    private $forms;

    public function __construct(
        CardRepository $cards,
        InboxRepository $inbox,
        AnswerReader $answers,
        Program $program,
        Settings $settings,
        Permission $permission,
        FormFactoryInterface $forms
    ) {
        $this->cards = $cards;
        $this->inbox = $inbox;
        $this->answers = $answers;
        $this->program = $program;
        $this->settings = $settings;
        $this->permission = $permission;
        $this->forms = $forms;
    }

    /** @return array<string, mixed> */
    public function of(Customer $customer): array
    {
        $card = $this->cards->ofCustomer($customer);
        $class = $card === null ? Card::EC_ONLY : $card->getMembershipClass();
        $mayAsk = $this->permission->isGiven() && $this->settings->connection() !== null;

        return [
            'customer_id' => $customer->getId(),
            'class' => $class,
            'label' => $this->program->label($class),
            'state' => $card === null ? Card::NOT_LINKED : $card->getState(),
            'told' => $card === null ? [] : $card->getPanel(),
            'requests' => $this->requests($customer),
            'form' => $mayAsk
                ? $this->forms->createNamed('eccube_sync42_request', RequestType::class)->createView()
                : null,
        ];
    }

    /** @return array<int, array<string, mixed>> */
    private function requests(Customer $customer): array
    {
        $requests = [];
        foreach ($this->inbox->newest([Inbox::REQUEST], self::REQUESTS_SHOWN, (int) $customer->getId()) as $row) {
            $requests[] = ['row' => $row, 'memo' => $row->getMemo(), 'answer' => $this->answers->answerTo($row)];
        }

        return $requests;
    }
}
