<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Controller\Admin;

use Eccube\Controller\AbstractController;
use Plugin\EccubeSync42\Form\Type\Admin\ConfigType;
use Plugin\EccubeSync42\Service\BridgeClient;
use Plugin\EccubeSync42\Service\Permission;
use Plugin\EccubeSync42\Service\Program;
use Plugin\EccubeSync42\Service\Settings;
use Sensio\Bundle\FrameworkExtraBundle\Configuration\Template;
use Symfony\Component\HttpFoundation\RedirectResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\Routing\Annotation\Route;

/**
 * The configuration page.
 */
class ConfigController extends AbstractController
{
    /** @var Settings */
    private $settings;

    /** @var Permission */
    private $permission;

    /** @var Program */
    private $program;

    public function __construct(Settings $settings, Permission $permission, Program $program)
    {
        $this->settings = $settings;
        $this->permission = $permission;
        $this->program = $program;
    }

    /**
     * @Route("/%eccube_admin_route%/eccube_sync42/config", name="eccube_sync42_admin_config", methods={"GET", "POST"})
     * @Template("@EccubeSync42/admin/config.twig")
     *
     * @return RedirectResponse|array<string, mixed>
     */
    public function index(Request $request)
    {
        if (!$this->permission->mayConfigure()) {
            throw $this->createAccessDeniedException();
        }
        $form = $this->formFactory->createNamed('eccube_sync42_config', ConfigType::class, [
            'bridge_url' => $this->settings->bridgeUrl(),
            'authorities' => $this->settings->authorities(),
        ]);
        $form->handleRequest($request);
        if ($form->isSubmitted() && $form->isValid()) {
            $this->save($form->getData());

            return $this->redirectToRoute('eccube_sync42_admin_config');
        }
        $connection = $this->settings->connection();

        return [
            'form' => $form->createView(),
            'check' => $connection === null ? null : $connection->check(),
            'problems' => $this->program->problems(),
            'last_good_run' => $this->program->lastGoodRun(),
        ];
    }

    /** @param array<string, mixed> $data */
    private function save(array $data): void
    {
        $bridgeUrl = (string) $data['bridge_url'];
        try {
            if ((string) $data['connection'] !== '') {
                $this->settings->saveConnection((string) $data['connection']);
            }
            $this->settings->save($bridgeUrl, $data['authorities']);
        } catch (\RuntimeException $exception) {
            log_error('[EccubeSync42] settings were not saved: ' . $exception->getMessage());
            $this->addError('eccube_sync42.admin.config.not_saved', 'admin');

            return;
        }
        log_info('[EccubeSync42] settings saved', ['actor' => $this->permission->signature()['actor']]);
        $this->addSuccess('admin.common.save_complete', 'admin');
        if ($bridgeUrl !== '' && (new BridgeClient($bridgeUrl))->health() !== '') {
            $this->addWarning('eccube_sync42.admin.config.bridge_silent', 'admin');
        }
    }
}
