<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Type\Admin;

use Symfony\Component\Form\AbstractType;
use Symfony\Component\Form\Extension\Core\Type\TextType;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Component\Validator\Constraints as Assert;

/**
 * Asks the program for the review file; it holds personal data, so somebody says why.
 */
class DownloadType extends AbstractType
{
    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        $builder->add('reason', TextType::class, [
            'constraints' => [new Assert\NotBlank(), new Assert\Length(['max' => RequestType::REASON_LENGTH])],
        ]);
    }
}
