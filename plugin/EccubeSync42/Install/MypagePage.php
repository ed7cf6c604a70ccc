<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Install;

use Doctrine\ORM\EntityManagerInterface;
use Eccube\Entity\Layout;
use Eccube\Entity\Page;
use Eccube\Entity\PageLayout;

/**
 * EC-CUBE's record of the card page; without it the page would have no header and no footer.
 */
final class MypagePage
{
    private const URL = 'eccube_sync42_card';
    private const NAME = 'MYページ/店舗会員証';
    private const FILE = '@EccubeSync42/card';

    /** @var EntityManagerInterface */
    private $entityManager;

    public function __construct(EntityManagerInterface $entityManager)
    {
        $this->entityManager = $entityManager;
    }

    public function add(): void
    {
        if ($this->find() !== null) {
            return;
        }
        $layout = $this->entityManager->find(Layout::class, Layout::DEFAULT_LAYOUT_UNDERLAYER_PAGE);
        $page = new Page();
        $page->setName(self::NAME)
            ->setUrl(self::URL)
            ->setFileName(self::FILE)
            ->setEditType(Page::EDIT_TYPE_DEFAULT)
            ->setMetaRobots('noindex');
        $this->entityManager->persist($page);
        $this->entityManager->flush();
        if ($layout === null) {
            return;
        }
        $pageLayout = new PageLayout();
        $pageLayout->setPage($page)
            ->setPageId($page->getId())
            ->setLayout($layout)
            ->setLayoutId($layout->getId())
            ->setSortNo(0);
        $this->entityManager->persist($pageLayout);
        $this->entityManager->flush();
    }

    public function remove(): void
    {
        $page = $this->find();
        if ($page === null) {
            return;
        }
        foreach ($this->entityManager->getRepository(PageLayout::class)->findBy(['Page' => $page]) as $pageLayout) {
            $this->entityManager->remove($pageLayout);
        }
        $this->entityManager->remove($page);
        $this->entityManager->flush();
    }

    private function find(): ?Page
    {
        return $this->entityManager->getRepository(Page::class)->findOneBy(['url' => self::URL]);
    }
}
