<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * The plugin's folder in app/PluginData: not in the database, not below the web root, readable by the shop only.
 */
final class DataFolder
{
    /** @var string */
    private $path;

    private function __construct(string $path)
    {
        $this->path = $path;
    }

    public static function below(string $pluginData): self
    {
        return new self($pluginData . '/EccubeSync42');
    }

    public function read(string $name): ?string
    {
        $path = $this->path . '/' . $name;
        $text = is_file($path) ? file_get_contents($path) : false;

        return $text === false ? null : $text;
    }

    /** Writes the whole file or none of it. */
    public function write(string $name, string $text): void
    {
        if (!is_dir($this->path) && !mkdir($this->path, 0700, true) && !is_dir($this->path)) {
            throw new \RuntimeException('cannot make ' . $this->path);
        }
        $temporary = $this->path . '/.' . bin2hex(random_bytes(8));
        $handle = fopen($temporary, 'xb');
        if ($handle === false) {
            throw new \RuntimeException('cannot write to ' . $this->path);
        }
        chmod($temporary, 0600);
        $written = fwrite($handle, $text) === strlen($text) && fclose($handle);
        if (!$written || !rename($temporary, $this->path . '/' . $name)) {
            throw new \RuntimeException('cannot write to ' . $this->path);
        }
    }

    public function remove(string $name): void
    {
        if (is_file($this->path . '/' . $name)) {
            unlink($this->path . '/' . $name);
        }
    }
}
