<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Extension;

use Eccube\Entity\Customer;
use Eccube\Form\Type\Front\EntryType;
use Plugin\EccubeSync42\Form\Type\ClaimType;
use Plugin\EccubeSync42\Service\LinkCode;
use Plugin\EccubeSync42\Service\Program;
use Symfony\Component\Form\AbstractTypeExtension;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Component\Form\FormEvent;
use Symfony\Component\Form\FormEvents;
use Symfony\Component\HttpFoundation\RequestStack;

/**
 * Asks for the link code or member number at registration, with the code of the QR filled in.
 */
class EntryTypeExtension extends AbstractTypeExtension
{
    public const FIELD = 'eccube_sync42';
    public const PARAMETER = 'link_code';

    /** @var Program */
    private $program;

    /** @var RequestStack */
    private $requests;

    public function __construct(Program $program, RequestStack $requests)
    {
        $this->program = $program;
        $this->requests = $requests;
    }

    public static function getExtendedTypes(): iterable
    {
        yield EntryType::class;
    }

    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        if (!$this->program->takesLinkCodes() && !$this->program->facts()) {
            return;
        }
        // The same form changes an account on my page; there the card page asks.
        $builder->addEventListener(FormEvents::PRE_SET_DATA, function (FormEvent $event): void {
            $customer = $event->getData();
            if ($customer instanceof Customer && $customer->getId()) {
                return;
            }
            $event->getForm()->add(self::FIELD, ClaimType::class, [
                'mapped' => false,
                'data' => ['link_code' => $this->codeOfTheAddress()],
                'eccube_form_options' => ['auto_render' => true, 'form_theme' => '@EccubeSync42/entry.twig'],
            ]);
        });
    }

    private function codeOfTheAddress(): ?string
    {
        $request = $this->requests->getCurrentRequest();
        $typed = $request === null ? '' : $request->query->get(self::PARAMETER, '');
        $code = LinkCode::read((string) $typed);

        return $code === null ? null : LinkCode::printed($code);
    }
}
