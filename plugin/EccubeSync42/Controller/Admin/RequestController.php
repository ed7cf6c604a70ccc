<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Controller\Admin;

use Eccube\Controller\AbstractController;
use Eccube\Entity\Customer;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Form\Type\Admin\RequestType;
use Plugin\EccubeSync42\Service\Bridge;
use Plugin\EccubeSync42\Service\InboxWriter;
use Plugin\EccubeSync42\Service\Permission;
use Symfony\Component\HttpFoundation\RedirectResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\Routing\Annotation\Route;

/**
 * Takes what the staff asks about a customer, for the program to do.
 */
class RequestController extends AbstractController
{
    /** @var InboxWriter */
    private $writer;

    /** @var Permission */
    private $permission;

    /** @var Bridge */
    private $bridge;

    public function __construct(InboxWriter $writer, Permission $permission, Bridge $bridge)
    {
        $this->writer = $writer;
        $this->permission = $permission;
        $this->bridge = $bridge;
    }

    /**
     * @Route("/%eccube_admin_route%/eccube_sync42/customer/{id}", name="admin_eccube_sync42_request",
     *     requirements={"id" = "\d+"}, methods={"POST"})
     */
    public function request(Request $request, Customer $Customer): RedirectResponse
    {
        if (!$this->permission->isGiven()) {
            throw $this->createAccessDeniedException();
        }
        $form = $this->formFactory->createNamed('eccube_sync42_request', RequestType::class);
        $form->handleRequest($request);
        if ($form->isSubmitted() && $form->isValid()) {
            $this->send($form->getData(), $Customer);
        } else {
            foreach ($form->getErrors(true) as $error) {
                $this->addError($error->getMessage(), 'admin');
            }
        }

        return $this->redirectToRoute('admin_customer_edit', ['id' => $Customer->getId()]);
    }

    /** @param array<string, mixed> $data */
    private function send(array $data, Customer $customer): void
    {
        $signature = $this->permission->signature();
        $payload = $signature + ['action' => $data['action'], 'reason' => $data['reason']];
        if ($data['action'] === RequestType::STORE_UNTIL) {
            $payload['until'] = $data['until'];
        }
        try {
            $memo = ['actor' => $signature['actor'], 'action' => $data['action']];
            $this->writer->write(Inbox::REQUEST, $customer, $payload, $memo);
        } catch (\Exception $exception) {
            log_error('[EccubeSync42] a request was not sent: ' . get_class($exception));
            $this->addError('eccube_sync42.admin.not_sent', 'admin');

            return;
        }
        log_info('[EccubeSync42] request sent', ['customer' => $customer->getId()] + $memo);
        $this->bridge->customerChanged($customer);
        $this->addSuccess('eccube_sync42.admin.request.sent', 'admin');
    }
}
