<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Type;

use Plugin\EccubeSync42\Service\SecondFact;
use Symfony\Component\Form\AbstractType;
use Symfony\Component\Form\Extension\Core\Type\TextType;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Component\OptionsResolver\OptionsResolver;
use Symfony\Component\Validator\Constraints as Assert;
use Symfony\Component\Validator\Context\ExecutionContextInterface;

/**
 * The answer to a question for a fact of the store record.
 */
class ProofType extends AbstractType
{
    private const TYPED_LENGTH = 32;

    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        $builder->add('fact', FactType::class, ['facts' => $options['facts']])->add('answer', TextType::class, [
            'label' => 'eccube_sync42.claim.answer',
            'attr' => ['autocomplete' => 'off', 'maxlength' => self::TYPED_LENGTH],
            'constraints' => [
                new Assert\NotBlank(),
                new Assert\Length(['max' => self::TYPED_LENGTH]),
                new Assert\Callback([self::class, 'checkAnswer']),
            ],
        ]);
    }

    public function configureOptions(OptionsResolver $resolver): void
    {
        $resolver->setRequired('facts');
    }

    /** @param mixed $answer */
    public static function checkAnswer($answer, ExecutionContextInterface $context): void
    {
        /** @var \Symfony\Component\Form\FormInterface<mixed> $field */
        $field = $context->getObject();
        $parent = $field->getParent();
        $fact = $parent === null ? '' : (string) $parent->get('fact')->getData();
        if (SecondFact::read($fact, (string) $answer) === null) {
            $context->addViolation('eccube_sync42.claim.wrong_answer');
        }
    }
}
