<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Type;

use Plugin\EccubeSync42\Service\LinkCode;
use Plugin\EccubeSync42\Service\Program;
use Plugin\EccubeSync42\Service\SecondFact;
use Plugin\EccubeSync42\Service\Typed;
use Symfony\Component\Form\AbstractType;
use Symfony\Component\Form\Extension\Core\Type\TextType;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Component\Form\FormError;
use Symfony\Component\Form\FormEvent;
use Symfony\Component\Form\FormEvents;
use Symfony\Component\Form\FormInterface;
use Symfony\Component\OptionsResolver\OptionsResolver;
use Symfony\Component\Validator\Constraints as Assert;
use Symfony\Contracts\Translation\TranslatorInterface;

/**
 * A link code, or a member number with a second fact. Checks their form only, so it reveals nothing.
 */
class ClaimType extends AbstractType
{
    private const TYPED_LENGTH = 64;

    /** @var Program */
    private $program;

    /** @var TranslatorInterface */
    private $translator;

    public function __construct(Program $program, TranslatorInterface $translator)
    {
        $this->program = $program;
        $this->translator = $translator;
    }

    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        if ($this->program->takesLinkCodes()) {
            $this->addText($builder, 'link_code', ['autocapitalize' => 'characters', 'placeholder' => 'K7F3M-9QX2C']);
        }
        $facts = $this->program->facts();
        if ($facts) {
            $this->addText($builder, 'number', ['inputmode' => 'numeric']);
            $builder->add('fact', FactType::class, ['facts' => $facts]);
            $this->addText($builder, 'answer', []);
        }
        $builder->addEventListener(FormEvents::POST_SUBMIT, function (FormEvent $event): void {
            $this->check($event->getForm());
        });
    }

    public function configureOptions(OptionsResolver $resolver): void
    {
        $resolver->setDefaults(['label' => 'eccube_sync42.claim.title', 'required' => false]);
    }

    /**
     * The claim of a form that was submitted and is valid; null when nothing was typed.
     *
     * @param array<string, string|null> $typed
     *
     * @return array<string, string>|null kind, and code or number, fact, answer
     */
    public static function read(array $typed): ?array
    {
        $code = (string) ($typed['link_code'] ?? '');
        if ($code !== '') {
            return ['kind' => 'link_code', 'code' => (string) LinkCode::read($code)];
        }
        $number = Typed::plain((string) ($typed['number'] ?? ''));
        if ($number === '') {
            return null;
        }
        $fact = (string) $typed['fact'];

        return [
            'kind' => 'card',
            'number' => $number,
            'fact' => $fact,
            'answer' => (string) SecondFact::read($fact, (string) $typed['answer']),
        ];
    }

    /** @param array<string, string> $attributes */
    private function addText(FormBuilderInterface $builder, string $name, array $attributes): void
    {
        $builder->add($name, TextType::class, [
            'label' => 'eccube_sync42.claim.' . $name,
            'required' => false,
            'attr' => $attributes + ['autocomplete' => 'off', 'maxlength' => self::TYPED_LENGTH],
            'constraints' => [new Assert\Length(['max' => self::TYPED_LENGTH])],
        ]);
    }

    /** @param FormInterface<mixed> $form */
    private function check(FormInterface $form): void
    {
        $code = (string) $this->typed($form, 'link_code');
        $number = Typed::plain((string) $this->typed($form, 'number'));
        $answer = (string) $this->typed($form, 'answer');
        if ($code !== '' && LinkCode::read($code) === null) {
            $this->complain($form, 'link_code', 'wrong_code');
        }
        if ($code !== '' && $number !== '') {
            $this->complain($form, 'number', 'one_of_two');
        } elseif ($number !== '' && SecondFact::read((string) $this->typed($form, 'fact'), $answer) === null) {
            $this->complain($form, 'answer', 'wrong_answer');
        } elseif ($number === '' && $answer !== '') {
            $this->complain($form, 'number', 'no_number');
        }
    }

    /**
     * @param FormInterface<mixed> $form
     *
     * @return mixed
     */
    private function typed(FormInterface $form, string $name)
    {
        return $form->has($name) ? $form->get($name)->getData() : null;
    }

    /** @param FormInterface<mixed> $form */
    private function complain(FormInterface $form, string $name, string $problem): void
    {
        $message = $this->translator->trans('eccube_sync42.claim.' . $problem, [], 'validators');
        $form->get($name)->addError(new FormError($message));
    }
}
