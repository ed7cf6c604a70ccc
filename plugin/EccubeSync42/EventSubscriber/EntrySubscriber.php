<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\EventSubscriber;

use Eccube\Entity\Customer;
use Eccube\Event\EccubeEvents;
use Eccube\Event\EventArgs;
use Eccube\Event\TemplateEvent;
use Eccube\Request\Context;
use Plugin\EccubeSync42\Form\Extension\EntryTypeExtension;
use Plugin\EccubeSync42\Form\Type\ClaimType;
use Plugin\EccubeSync42\Repository\InboxRepository;
use Plugin\EccubeSync42\Service\Bridge;
use Plugin\EccubeSync42\Service\ClaimDesk;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;
use Symfony\Component\HttpFoundation\RedirectResponse;
use Symfony\Component\HttpFoundation\RequestStack;
use Symfony\Component\HttpKernel\Event\RequestEvent;
use Symfony\Component\HttpKernel\KernelEvents;
use Symfony\Component\Routing\Generator\UrlGeneratorInterface;

/**
 * Registration: keeps what was typed, and tells the bridge once the address is confirmed.
 */
class EntrySubscriber implements EventSubscriberInterface
{
    private const OUTCOME = 'eccube_sync42.entry.outcome';

    /** @var ClaimDesk */
    private $desk;

    /** @var Bridge */
    private $bridge;

    /** @var InboxRepository */
    private $inbox;

    /** @var RequestStack */
    private $requests;

    /** @var UrlGeneratorInterface */
    private $urls;

    /** @var Context */
    private $context;

    /** @var bool whether the customer who is just confirmed typed a code */
    private $typedBefore = false;

    public function __construct(
        ClaimDesk $desk,
        Bridge $bridge,
        InboxRepository $inbox,
        RequestStack $requests,
        UrlGeneratorInterface $urls,
        Context $context
    ) {
        $this->desk = $desk;
        $this->bridge = $bridge;
        $this->inbox = $inbox;
        $this->requests = $requests;
        $this->urls = $urls;
        $this->context = $context;
    }

    public static function getSubscribedEvents(): array
    {
        return [
            EccubeEvents::FRONT_ENTRY_INDEX_COMPLETE => 'onEntryComplete',
            EccubeEvents::FRONT_ENTRY_ACTIVATE_COMPLETE => 'onActivateComplete',
            'Entry/complete.twig' => 'onCompletePage',
            'Entry/activate.twig' => 'onActivatePage',
            KernelEvents::REQUEST => ['onRequest', -10],
        ];
    }

    public function onEntryComplete(EventArgs $event): void
    {
        $form = $event->getArgument('form');
        if (!$form->has(EntryTypeExtension::FIELD)) {
            return;
        }
        $claim = ClaimType::read((array) $form->get(EntryTypeExtension::FIELD)->getData());
        if ($claim !== null) {
            $outcome = $this->desk->take($claim, $event->getArgument('Customer'), 'entry');
            $event->getRequest()->getSession()->set(self::OUTCOME, $outcome);
        }
    }

    /** The page after registration says that the code was kept, or that it was not. */
    public function onCompletePage(TemplateEvent $event): void
    {
        $request = $this->requests->getCurrentRequest();
        $outcome = $request === null ? null : $request->getSession()->remove(self::OUTCOME);
        if ($outcome !== null) {
            $this->say($event, 'eccube_sync42.entry.' . $outcome);
        }
    }

    public function onActivateComplete(EventArgs $event): void
    {
        $customer = $event->getArgument('Customer');
        $this->bridge->customerChanged($customer);
        $this->typedBefore = $this->inbox->newestClaims((int) $customer->getId(), 1) !== [];
    }

    /** The page after the address is confirmed says that the code is being checked. */
    public function onActivatePage(TemplateEvent $event): void
    {
        if ($this->typedBefore) {
            $this->say($event, 'eccube_sync42.entry.checking');
        }
    }

    private function say(TemplateEvent $event, string $message): void
    {
        $event->setParameter('eccube_sync42_message', $message);
        $event->addSnippet('@EccubeSync42/entry_message.twig');
    }

    /** A customer who is logged in and scans a QR meets their card instead of a registration that sends them away. */
    public function onRequest(RequestEvent $event): void
    {
        $request = $event->getRequest();
        $code = $request->query->get(EntryTypeExtension::PARAMETER, '');
        if (
            $request->attributes->get('_route') !== 'entry' || $code === ''
            || !$this->context->getCurrentUser() instanceof Customer
        ) {
            return;
        }
        $event->setResponse(new RedirectResponse(
            $this->urls->generate('eccube_sync42_card', [EntryTypeExtension::PARAMETER => $code])
        ));
    }
}
