<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

use Eccube\Common\EccubeConfig;

/**
 * What the shop set on the configuration page; kept in files beside the shop, so that it outlives an uninstall.
 */
class Settings
{
    /** The owner's authority in EC-CUBE (システム管理者). */
    public const OWNER = 0;

    private const CONNECTION = 'connection';
    private const SETTINGS = 'settings.json';

    /** @var DataFolder */
    private $folder;

    public function __construct(EccubeConfig $config)
    {
        $this->folder = DataFolder::below((string) $config['plugin_data_realdir']);
    }

    /** Null until a connection line was entered, or while PHP lacks sodium. */
    public function connection(): ?Connection
    {
        if (!extension_loaded('sodium')) {
            return null;
        }
        $line = $this->folder->read(self::CONNECTION);

        return $line === null ? null : Connection::fromLine($line);
    }

    public function saveConnection(string $line): void
    {
        $this->folder->write(self::CONNECTION, trim($line) . "\n");
    }

    /** Where the bridge listens; '' when there is none. */
    public function bridgeUrl(): string
    {
        return (string) ($this->all()['bridge_url'] ?? '');
    }

    /**
     * Ids of the authorities that may change members and exchange files with the program.
     *
     * @return int[]
     */
    public function authorities(): array
    {
        return array_map('intval', $this->all()['authorities'] ?? [self::OWNER]);
    }

    /** @param int[] $authorities */
    public function save(string $bridgeUrl, array $authorities): void
    {
        $settings = ['bridge_url' => $bridgeUrl, 'authorities' => array_values($authorities)];
        $this->folder->write(self::SETTINGS, json_encode($settings, JSON_THROW_ON_ERROR));
    }

    /** @return array<string, mixed> */
    private function all(): array
    {
        $settings = json_decode($this->folder->read(self::SETTINGS) ?? '', true);

        return is_array($settings) ? $settings : [];
    }
}
