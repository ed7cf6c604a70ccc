<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Type;

use Symfony\Component\Form\AbstractType;
use Symfony\Component\Form\Extension\Core\Type\ChoiceType;
use Symfony\Component\OptionsResolver\Options;
use Symfony\Component\OptionsResolver\OptionsResolver;

/**
 * The choice of a second fact the store knows.
 */
class FactType extends AbstractType
{
    public function configureOptions(OptionsResolver $resolver): void
    {
        $resolver->setRequired('facts');
        $resolver->setDefaults([
            'label' => 'eccube_sync42.claim.fact',
            'required' => true,
            'choices' => static function (Options $options): array {
                $choices = [];
                foreach ($options['facts'] as $fact) {
                    $choices['eccube_sync42.fact.' . $fact] = $fact;
                }

                return $choices;
            },
        ]);
    }

    public function getParent(): string
    {
        return ChoiceType::class;
    }
}
