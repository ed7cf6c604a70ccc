<?php

declare(strict_types=1);

namespace Plugin\SyncTestGroups42\Controller;

use Eccube\Controller\AbstractController;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\Routing\Annotation\Route;

/**
 * Tells the test which groups a customer is in, and how many rows were cleared at the login before.
 */
class GroupController extends AbstractController
{
    /**
     * @Route("/mypage/sync_test_groups", name="sync_test_groups", methods={"GET"})
     */
    public function index(Request $request): JsonResponse
    {
        $groups = $this->entityManager->getConnection()->fetchFirstColumn(
            'SELECT group_id FROM plg_customer_group_customers_groups WHERE customer_id = ?',
            [$this->getUser()->getId()]
        );
        $cleared = $request->getSession()->get('sync_test_groups.cleared', 0);

        return new JsonResponse(['groups' => $groups, 'cleared' => $cleared]);
    }
}
