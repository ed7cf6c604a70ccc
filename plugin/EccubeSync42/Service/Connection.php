<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * What the plugin and the program share: one public key to seal with, one secret key to sign and open with.
 *
 * The shop can seal but never read back what it sealed; the key for that stays with the program.
 */
final class Connection
{
    private const FORM = '/^es42\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{8})$/D';

    /** @var string */
    private $publicKey;

    /** @var string */
    private $sharedKey;

    private function __construct(string $publicKey, string $sharedKey)
    {
        $this->publicKey = $publicKey;
        $this->sharedKey = $sharedKey;
    }

    /** The connection of a line as `eccube-sync plugin connect` prints it; null for any other or a cut line. */
    public static function fromLine(string $line): ?self
    {
        if (!preg_match(self::FORM, trim($line), $found)) {
            return null;
        }
        $public = base64_decode(strtr($found[1], '-_', '+/'), true);
        $shared = base64_decode(strtr($found[2], '-_', '+/'), true);
        if ($public === false || $shared === false) {
            return null;
        }
        $connection = new self($public, $shared);

        return hash_equals($connection->check(), $found[3]) ? $connection : null;
    }

    /** Eight digits that tell two connections apart and open nothing. */
    public function check(): string
    {
        return substr(hash('sha256', $this->publicKey . $this->sharedKey), 0, 8);
    }

    /**
     * What only the program can read.
     *
     * @param array<string, mixed> $payload
     */
    public function seal(array $payload): string
    {
        $json = json_encode($payload, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);

        return base64_encode(sodium_crypto_box_seal($json, $this->publicKey));
    }

    /** The bytes the program sealed for us; null when they are not from it. */
    public function open(string $sealed): ?string
    {
        $bytes = base64_decode($sealed, true);
        $least = SODIUM_CRYPTO_SECRETBOX_NONCEBYTES + SODIUM_CRYPTO_SECRETBOX_MACBYTES;
        if ($bytes === false || strlen($bytes) < $least) {
            return null;
        }
        $nonce = substr($bytes, 0, SODIUM_CRYPTO_SECRETBOX_NONCEBYTES);
        $box = substr($bytes, SODIUM_CRYPTO_SECRETBOX_NONCEBYTES);
        $opened = sodium_crypto_secretbox_open($box, $nonce, $this->derive('answer'));

        return $opened === false ? null : $opened;
    }

    /** Shows the program that an inbox row was written by the plugin. */
    public function mac(string $rowKey, string $kind, ?int $customerId, string $sealed): string
    {
        $text = implode("\n", [$rowKey, $kind, (string) $customerId, $sealed]);

        return hash_hmac('sha256', $text, $this->derive('inbox'));
    }

    /** Tells two addresses apart without being one. */
    public function origin(string $address): string
    {
        return substr(hash_hmac('sha256', $address, $this->derive('origin')), 0, 32);
    }

    /** Signs a call of the bridge. */
    public function sign(string $method, string $path, int $time, string $nonce, string $body): string
    {
        $text = implode("\n", [$method, $path, $time, $nonce, hash('sha256', $body)]);

        return hash_hmac('sha256', $text, $this->derive('bridge'));
    }

    private function derive(string $purpose): string
    {
        return hash_hmac('sha256', 'eccube-sync/1 ' . $purpose, $this->sharedKey, true);
    }
}
