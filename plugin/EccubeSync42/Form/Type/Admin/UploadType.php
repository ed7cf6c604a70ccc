<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Type\Admin;

use Plugin\EccubeSync42\Service\Program;
use Symfony\Component\Form\AbstractType;
use Symfony\Component\Form\Extension\Core\Type\ChoiceType;
use Symfony\Component\Form\Extension\Core\Type\FileType;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Component\HttpFoundation\File\UploadedFile;
use Symfony\Component\Validator\Constraints as Assert;

/**
 * A file for the program.
 */
class UploadType extends AbstractType
{
    /** @var Program */
    private $program;

    public function __construct(Program $program)
    {
        $this->program = $program;
    }

    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        $builder->add('purpose', ChoiceType::class, [
            'choices' => [
                'eccube_sync42.admin.files.export' => 'export',
                'eccube_sync42.admin.files.decisions' => 'decisions',
            ],
            'expanded' => true,
            'data' => 'export',
        ])->add('file', FileType::class, [
            'constraints' => [
                new Assert\NotBlank(),
                new Assert\File(['maxSize' => self::limit($this->program->uploadLimit())]),
            ],
        ]);
        $sources = $this->program->sources();
        if (count($sources) > 1) {
            $builder->add('source', ChoiceType::class, ['choices' => $sources, 'choice_translation_domain' => false]);
        }
    }

    /** Bytes of the largest file that both PHP and the program take. */
    public static function limit(int $programLimit): int
    {
        return (int) min($programLimit, UploadedFile::getMaxFilesize());
    }
}
