<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Controller\Admin;

use Eccube\Controller\AbstractController;
use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Repository\CardRepository;
use Plugin\EccubeSync42\Repository\InboxRepository;
use Plugin\EccubeSync42\Service\Program;
use Sensio\Bundle\FrameworkExtraBundle\Configuration\Template;
use Symfony\Component\Routing\Annotation\Route;

/**
 * What customers typed of late, and what came of it.
 */
class ClaimController extends AbstractController
{
    private const SHOWN = 100;

    /** @var InboxRepository */
    private $inbox;

    /** @var CardRepository */
    private $cards;

    /** @var Program */
    private $program;

    public function __construct(InboxRepository $inbox, CardRepository $cards, Program $program)
    {
        $this->inbox = $inbox;
        $this->cards = $cards;
        $this->program = $program;
    }

    /**
     * @Route("/%eccube_admin_route%/eccube_sync42/claims", name="admin_eccube_sync42_claims", methods={"GET"})
     * @Template("@EccubeSync42/admin/claims.twig")
     *
     * @return array<string, mixed>
     */
    public function index(): array
    {
        $rows = $this->inbox->newest(Inbox::CLAIMS, self::SHOWN);
        $ids = array_map(static function (Inbox $row): int {
            return (int) $row->getCustomer()->getId();
        }, $rows);
        $cards = $this->cards->ofCustomers(array_values(array_unique($ids)));
        $claims = [];
        foreach ($rows as $index => $row) {
            $claims[] = ['row' => $row, 'outcome' => $this->outcome($row, $cards[$ids[$index]] ?? null)];
        }

        return [
            'claims' => $claims,
            'problems' => $this->program->problems(),
            'last_good_run' => $this->program->lastGoodRun(),
        ];
    }

    private function outcome(Inbox $row, ?Card $card): string
    {
        $outcomes = $card === null ? [] : (array) ($card->getFront()['inbox'] ?? []);

        return (string) ($outcomes[$row->getRowKey()] ?? 'checking');
    }
}
