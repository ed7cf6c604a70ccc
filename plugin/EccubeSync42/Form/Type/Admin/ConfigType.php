<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Form\Type\Admin;

use Eccube\Entity\Master\Authority;
use Eccube\Repository\Master\AuthorityRepository;
use Plugin\EccubeSync42\Service\BridgeClient;
use Plugin\EccubeSync42\Service\Connection;
use Symfony\Component\Form\AbstractType;
use Symfony\Component\Form\Extension\Core\Type\ChoiceType;
use Symfony\Component\Form\Extension\Core\Type\TextType;
use Symfony\Component\Form\FormBuilderInterface;
use Symfony\Component\Validator\Constraints as Assert;
use Symfony\Component\Validator\Context\ExecutionContextInterface;

/**
 * What the owner sets.
 */
class ConfigType extends AbstractType
{
    /** @var AuthorityRepository */
    private $authorities;

    public function __construct(AuthorityRepository $authorities)
    {
        $this->authorities = $authorities;
    }

    public function buildForm(FormBuilderInterface $builder, array $options): void
    {
        $builder->add('connection', TextType::class, [
            'required' => false,
            'attr' => ['autocomplete' => 'off', 'placeholder' => 'es42.…'],
            'constraints' => [new Assert\Callback([self::class, 'checkConnection'])],
        ])->add('bridge_url', TextType::class, [
            'required' => false,
            'attr' => ['placeholder' => 'http://127.0.0.1:8642'],
            'constraints' => [new Assert\Callback([self::class, 'checkBridge'])],
        ])->add('authorities', ChoiceType::class, [
            'choices' => $this->choices(),
            'choice_translation_domain' => false,
            'expanded' => true,
            'multiple' => true,
        ]);
    }

    /** @param mixed $line */
    public static function checkConnection($line, ExecutionContextInterface $context): void
    {
        if ((string) $line !== '' && Connection::fromLine((string) $line) === null) {
            $context->addViolation('eccube_sync42.config.wrong_connection');
        }
    }

    /** @param mixed $url */
    public static function checkBridge($url, ExecutionContextInterface $context): void
    {
        if ((string) $url !== '' && !BridgeClient::allows((string) $url)) {
            $context->addViolation('eccube_sync42.config.wrong_bridge');
        }
    }

    /** @return array<string, int> */
    private function choices(): array
    {
        $choices = [];
        /** @var Authority $authority */
        foreach ($this->authorities->findBy([], ['sort_no' => 'ASC']) as $authority) {
            $choices[(string) $authority->getName()] = (int) $authority->getId();
        }

        return $choices;
    }
}
