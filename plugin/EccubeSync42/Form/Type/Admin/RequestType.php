<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Type\Admin;

use Symfony\Component\Form\AbstractType;
use Symfony\Component\Form\Extension\Core\Type\ChoiceType;
use Symfony\Component\Form\Extension\Core\Type\DateType;
use Symfony\Component\Form\Extension\Core\Type\TextType;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Component\OptionsResolver\OptionsResolver;
use Symfony\Component\Validator\Constraints as Assert;
use Symfony\Component\Validator\Context\ExecutionContextInterface;

/**
 * What the staff asks the program to do about a customer.
 */
class RequestType extends AbstractType
{
    public const STORE_UNTIL = 'store_until';
    public const UNLINK = 'unlink';
    public const CHECK_AGAIN = 'check_again';

    public const REASON_LENGTH = 190;

    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        $actions = [];
        foreach ([self::CHECK_AGAIN, self::STORE_UNTIL, self::UNLINK] as $action) {
            $actions['eccube_sync42.admin.request.' . $action] = $action;
        }
        $builder->add('action', ChoiceType::class, [
            'choices' => $actions,
            'expanded' => true,
            'constraints' => [new Assert\NotBlank()],
        ])->add('until', DateType::class, [
            'required' => false,
            'widget' => 'single_text',
            'input' => 'string',
        ])->add('reason', TextType::class, [
            'constraints' => [new Assert\NotBlank(), new Assert\Length(['max' => self::REASON_LENGTH])],
        ]);
    }

    public function configureOptions(OptionsResolver $resolver): void
    {
        $resolver->setDefaults(['constraints' => [new Assert\Callback([self::class, 'checkUntil'])]]);
    }

    /** @param mixed $data */
    public static function checkUntil($data, ExecutionContextInterface $context): void
    {
        $action = $data['action'] ?? null;
        if ($action === self::STORE_UNTIL && (string) ($data['until'] ?? '') < date('Y-m-d')) {
            $context->addViolation('eccube_sync42.request.wrong_until');
        }
    }
}
