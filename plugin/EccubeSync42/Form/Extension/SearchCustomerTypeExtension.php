<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Extension;

use Eccube\Form\Type\Admin\SearchCustomerType;
use Plugin\EccubeSync42\Entity\Card;
use Plugin\EccubeSync42\Service\Program;
use Symfony\Component\Form\AbstractTypeExtension;
use Symfony\Component\Form\Extension\Core\Type\ChoiceType;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Contracts\Translation\TranslatorInterface;

/**
 * Finds customers by class.
 */
class SearchCustomerTypeExtension extends AbstractTypeExtension
{
    public const FIELD = 'eccube_sync42_class';

    /** @var Program */
    private $program;

    /** @var TranslatorInterface */
    private $translator;

    public function __construct(Program $program, TranslatorInterface $translator)
    {
        $this->program = $program;
        $this->translator = $translator;
    }

    public static function getExtendedTypes(): iterable
    {
        yield SearchCustomerType::class;
    }

    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        $choices = [];
        foreach ([Card::STORE, Card::EC_ONLY] as $class) {
            $label = $this->program->label($class) ?: $this->translator->trans('eccube_sync42.class.' . $class);
            $choices[$label] = $class;
        }
        $builder->add(self::FIELD, ChoiceType::class, [
            'label' => 'eccube_sync42.admin.class',
            'choices' => $choices,
            'choice_translation_domain' => false,
            'required' => false,
            'placeholder' => 'common.select__unspecified',
            'eccube_form_options' => ['auto_render' => true],
        ]);
    }
}
