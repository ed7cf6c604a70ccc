<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\EventSubscriber;

use Eccube\Entity\Customer;
use Eccube\Event\TemplateEvent;
use Eccube\Request\Context;
use Plugin\EccubeSync42\Service\CardDesk;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;

/**
 * Shows the class on my page, and the way to the card in its menu.
 */
class MypageSubscriber implements EventSubscriberInterface
{
    /** @var CardDesk */
    private $desk;

    /** @var Context */
    private $context;

    public function __construct(CardDesk $desk, Context $context)
    {
        $this->desk = $desk;
        $this->context = $context;
    }

    public static function getSubscribedEvents(): array
    {
        return [
            'Mypage/index.twig' => 'onPage',
            'Mypage/history.twig' => 'onPage',
            'Mypage/favorite.twig' => 'onPage',
            'Mypage/change.twig' => 'onPage',
            'Mypage/delivery.twig' => 'onPage',
            'Mypage/withdraw.twig' => 'onPage',
            '@EccubeSync42/card.twig' => 'onPage',
        ];
    }

    public function onPage(TemplateEvent $event): void
    {
        $customer = $this->context->getCurrentUser();
        if ($customer instanceof Customer) {
            $event->setParameter('eccube_sync42_view', $this->desk->viewOf($customer));
            $event->addSnippet('@EccubeSync42/mypage.twig');
        }
    }
}
