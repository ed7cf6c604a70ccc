<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Controller\Admin;

use Eccube\Controller\AbstractController;
use Plugin\EccubeSync42\Entity\Inbox;
use Plugin\EccubeSync42\Form\Type\Admin\DownloadType;
use Plugin\EccubeSync42\Form\Type\Admin\UploadType;
use Plugin\EccubeSync42\Repository\InboxRepository;
use Plugin\EccubeSync42\Service\AnswerReader;
use Plugin\EccubeSync42\Service\Bridge;
use Plugin\EccubeSync42\Service\InboxWriter;
use Plugin\EccubeSync42\Service\Permission;
use Plugin\EccubeSync42\Service\Program;
use Sensio\Bundle\FrameworkExtraBundle\Configuration\Template;
use Symfony\Component\HttpFoundation\File\UploadedFile;
use Symfony\Component\HttpFoundation\HeaderUtils;
use Symfony\Component\HttpFoundation\RedirectResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Routing\Annotation\Route;

/**
 * Files between the staff and the program: the store's export and decisions go in, the review file comes out.
 */
class FileController extends AbstractController
{
    private const SHOWN = 20;

    /** @var InboxRepository */
    private $inbox;

    /** @var InboxWriter */
    private $writer;

    /** @var AnswerReader */
    private $answers;

    /** @var Permission */
    private $permission;

    /** @var Program */
    private $program;

    /** @var Bridge */
    private $bridge;

    public function __construct(
        InboxRepository $inbox,
        InboxWriter $writer,
        AnswerReader $answers,
        Permission $permission,
        Program $program,
        Bridge $bridge
    ) {
        $this->inbox = $inbox;
        $this->writer = $writer;
        $this->answers = $answers;
        $this->permission = $permission;
        $this->program = $program;
        $this->bridge = $bridge;
    }

    /**
     * @Route("/%eccube_admin_route%/eccube_sync42/files", name="admin_eccube_sync42_files", methods={"GET", "POST"})
     * @Template("@EccubeSync42/admin/files.twig")
     *
     * @return RedirectResponse|array<string, mixed>
     */
    public function index(Request $request)
    {
        $this->denyWithoutPermission();
        $uploadForm = $this->formFactory->createNamed('eccube_sync42_upload', UploadType::class);
        $downloadForm = $this->formFactory->createNamed('eccube_sync42_download', DownloadType::class);
        $uploadForm->handleRequest($request);
        $downloadForm->handleRequest($request);
        $problems = $this->program->problems();
        if ($uploadForm->isSubmitted() && $uploadForm->isValid()) {
            return $this->send(function () use ($uploadForm): void {
                $this->upload($uploadForm->getData());
            });
        }
        if ($downloadForm->isSubmitted() && $downloadForm->isValid()) {
            return $this->send(function () use ($downloadForm): void {
                $this->ask((string) $downloadForm->get('reason')->getData());
            });
        }

        return [
            'uploadForm' => $uploadForm->createView(),
            'downloadForm' => $downloadForm->createView(),
            'transfers' => $this->transfers(),
            'problems' => $problems,
            'last_good_run' => $this->program->lastGoodRun(),
            'uploadLimit' => UploadType::limit($this->program->uploadLimit()),
        ];
    }

    /**
     * @Route("/%eccube_admin_route%/eccube_sync42/files/{rowKey}", name="admin_eccube_sync42_file",
     *     requirements={"rowKey" = "[0-9a-f]{32}"}, methods={"GET"})
     */
    public function download(string $rowKey): Response
    {
        $this->denyWithoutPermission();
        $row = $this->inbox->findOneBy(['row_key' => $rowKey, 'kind' => Inbox::DOWNLOAD]);
        $answer = $row === null ? null : $this->answers->answerTo($row);
        $bytes = $answer === null ? null : $this->answers->fileOf($rowKey);
        if ($answer === null || $bytes === null) {
            $this->addError('eccube_sync42.admin.files.gone', 'admin');

            return $this->redirectToRoute('admin_eccube_sync42_files');
        }
        $this->log('file fetched', ['size' => strlen($bytes)]);
        $name = (string) $answer->fileName;
        $fallback = preg_replace('/[^A-Za-z0-9._-]/', '_', $name);

        return new Response($bytes, Response::HTTP_OK, [
            'Content-Type' => 'application/octet-stream',
            'Content-Disposition' => HeaderUtils::makeDisposition('attachment', $name, (string) $fallback),
            'Cache-Control' => 'no-store, private',
        ]);
    }

    /** @param array<string, mixed> $data */
    private function upload(array $data): void
    {
        /** @var UploadedFile $file */
        $file = $data['file'];
        $content = (string) file_get_contents($file->getPathname());
        $this->writer->writeFile($this->permission->signature() + [
            'purpose' => $data['purpose'],
            'name' => mb_substr(basename($file->getClientOriginalName()), -100),
            'source' => (string) ($data['source'] ?? ''),
        ], $content);
        $this->log('file sent', [
            'purpose' => $data['purpose'],
            'size' => strlen($content),
            'lines' => substr_count($content, "\n"),
        ]);
    }

    private function ask(string $reason): void
    {
        $signature = $this->permission->signature();
        $this->writer->write(
            Inbox::DOWNLOAD,
            null,
            $signature + ['what' => 'review', 'reason' => $reason],
            ['actor' => $signature['actor'], 'purpose' => 'review']
        );
        $this->log('review file asked for', []);
    }

    private function send(callable $action): RedirectResponse
    {
        try {
            $action();
            $this->bridge->inboxChanged();
            $this->addSuccess('eccube_sync42.admin.files.sent', 'admin');
        } catch (\Exception $exception) {
            log_error('[EccubeSync42] not sent: ' . get_class($exception));
            $this->addError('eccube_sync42.admin.not_sent', 'admin');
        }

        return $this->redirectToRoute('admin_eccube_sync42_files');
    }

    /** @return array<int, array<string, mixed>> */
    private function transfers(): array
    {
        $transfers = [];
        foreach ($this->inbox->newest([Inbox::UPLOAD, Inbox::DOWNLOAD], self::SHOWN) as $row) {
            $answer = $this->answers->answerTo($row);
            if ($answer !== null && $row->getKind() === Inbox::UPLOAD) {
                $this->inbox->forgetFile($row);
            }
            $transfers[] = ['row' => $row, 'memo' => $row->getMemo(), 'answer' => $answer];
        }

        return $transfers;
    }

    /** @param array<string, mixed> $facts */
    private function log(string $what, array $facts): void
    {
        log_info('[EccubeSync42] ' . $what, ['actor' => $this->permission->signature()['actor']] + $facts);
    }

    private function denyWithoutPermission(): void
    {
        if (!$this->permission->isGiven()) {
            throw $this->createAccessDeniedException();
        }
    }
}
