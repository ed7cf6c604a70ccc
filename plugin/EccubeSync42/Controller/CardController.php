<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Controller;

use Eccube\Controller\AbstractController;
use Eccube\Entity\Customer;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Form\Extension\EntryTypeExtension;
use Plugin\EccubeSync42\Form\Type\ClaimType;
use Plugin\EccubeSync42\Form\Type\ProofType;
use Plugin\EccubeSync42\Service\Bridge;
use Plugin\EccubeSync42\Service\CardDesk;
use Plugin\EccubeSync42\Service\ClaimDesk;
use Plugin\EccubeSync42\Service\LinkCode;
use Plugin\EccubeSync42\Service\Program;
use Plugin\EccubeSync42\Service\SecondFact;
use Plugin\EccubeSync42\Service\Symbol;
use Sensio\Bundle\FrameworkExtraBundle\Configuration\Template;
use Symfony\Component\Form\FormInterface;
use Symfony\Component\HttpFoundation\RedirectResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\Routing\Annotation\Route;

/**
 * The member card on my page.
 */
class CardController extends AbstractController
{
    /** @var Program */
    private $program;

    /** @var CardDesk */
    private $cards;

    /** @var ClaimDesk */
    private $claims;

    /** @var Bridge */
    private $bridge;

    public function __construct(Program $program, CardDesk $cards, ClaimDesk $claims, Bridge $bridge)
    {
        $this->program = $program;
        $this->cards = $cards;
        $this->claims = $claims;
        $this->bridge = $bridge;
    }

    /**
     * @Route("/mypage/eccube_sync42/card", name="eccube_sync42_card", methods={"GET", "POST"})
     * @Template("@EccubeSync42/card.twig")
     *
     * @return RedirectResponse|array<string, mixed>
     */
    public function index(Request $request)
    {
        /** @var Customer $customer */
        $customer = $this->getUser();
        $view = $this->cards->viewOf($customer);
        $claimForm = $view->asksForClaim ? $this->claimForm($request) : null;
        $asked = ['facts' => $view->questions];
        $proofForm = $view->questions
            ? $this->formFactory->createNamed('eccube_sync42_proof', ProofType::class, null, $asked)
            : null;
        $claim = $this->submitted($claimForm, $proofForm, $request);
        if ($claim !== null) {
            $this->take($claim, $customer);

            return $this->redirectToRoute('eccube_sync42_card');
        }
        $number = (string) ($view->card['number'] ?? '');

        return [
            'view' => $view,
            'claimForm' => $claimForm === null || !$claimForm->count() ? null : $claimForm->createView(),
            'proofForm' => $proofForm === null ? null : $proofForm->createView(),
            'number' => $number,
            'barcode' => $number === '' ? '' : Symbol::barcode($number, (string) ($view->card['symbology'] ?? '')),
            'updated' => $this->program->dataTakenAt((string) ($view->card['source'] ?? '')),
            'qr' => $number === '' ? '' : Symbol::qr($number),
        ];
    }

    /** @return FormInterface<mixed>|null */
    private function claimForm(Request $request): ?FormInterface
    {
        if (!$this->program->takesLinkCodes() && !$this->program->facts()) {
            return null;
        }
        $code = LinkCode::read((string) $request->query->get(EntryTypeExtension::PARAMETER, ''));
        $typed = ['link_code' => $code === null ? null : LinkCode::printed($code)];

        return $this->formFactory->createNamed('eccube_sync42_claim', ClaimType::class, $typed);
    }

    /**
     * @param FormInterface<mixed>|null $claimForm
     * @param FormInterface<mixed>|null $proofForm
     *
     * @return array<string, string>|null
     */
    private function submitted(?FormInterface $claimForm, ?FormInterface $proofForm, Request $request): ?array
    {
        foreach (array_filter([$claimForm, $proofForm]) as $form) {
            $form->handleRequest($request);
        }
        if ($claimForm !== null && $claimForm->isSubmitted() && $claimForm->isValid()) {
            return ClaimType::read((array) $claimForm->getData());
        }
        if ($proofForm !== null && $proofForm->isSubmitted() && $proofForm->isValid()) {
            $fact = (string) $proofForm->get('fact')->getData();
            $answer = (string) SecondFact::read($fact, (string) $proofForm->get('answer')->getData());

            return ['kind' => Inbox::PROOF, 'fact' => $fact, 'answer' => $answer];
        }

        return null;
    }

    /** @param array<string, string> $claim */
    private function take(array $claim, Customer $customer): void
    {
        $outcome = $this->claims->take($claim, $customer, 'mypage');
        if ($outcome === ClaimDesk::TAKEN) {
            $this->bridge->customerChanged($customer);
        } else {
            $this->addFlash('eccube_sync42.problem', 'eccube_sync42.card.' . $outcome);
        }
    }
}
