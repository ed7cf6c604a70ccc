<?php

declare(strict_types=1);

namespace Plugin\EccubeSync42\Service;

/**
 * Knocks at the program's bridge. Nothing depends on it: what is not heard now is fetched from the inbox later.
 */
final class BridgeClient
{
    private const CONNECT_MILLISECONDS = 300;
    private const TOTAL_MILLISECONDS = 1000;

    /** @var string */
    private $base;

    /** @var string|null */
    private $socket;

    /** @param string $url http(s)://host:port or unix:///path/of/the/socket */
    public function __construct(string $url)
    {
        $this->socket = strpos($url, 'unix://') === 0 ? substr($url, strlen('unix://')) : null;
        $this->base = $this->socket === null ? rtrim($url, '/') : 'http://localhost';
    }

    /** Whether the plugin would call this address: without TLS on this machine only. */
    public static function allows(string $url): bool
    {
        $here = '(127\.0\.0\.1|localhost|\[::1\])(:\d+)?';

        return (bool) preg_match("#^(unix:///\\S+|https://[^\\s/]+/?|http://$here/?)$#D", $url);
    }

    /**
     * @return string '' when the bridge took the call, otherwise why not, for the log
     */
    public function post(string $path, Connection $connection): string
    {
        $body = '{}';
        $time = time();
        $nonce = bin2hex(random_bytes(16));

        return $this->call($path, 202, [
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => [
                'Content-Type: application/json',
                'Expect:',
                'X-Eccube-Sync-Time: ' . $time,
                'X-Eccube-Sync-Nonce: ' . $nonce,
                'X-Eccube-Sync-Signature: ' . $connection->sign('POST', $path, $time, $nonce, $body),
            ],
        ]);
    }

    /** @return string '' when the bridge is well, otherwise why not */
    public function health(): string
    {
        return $this->call('/healthz', 200, []);
    }

    /** @param array<int, mixed> $options */
    private function call(string $path, int $expected, array $options): string
    {
        $handle = curl_init($this->base . $path);
        if ($handle === false) {
            return 'curl_init failed';
        }
        curl_setopt_array($handle, $options + [
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_CONNECTTIMEOUT_MS => self::CONNECT_MILLISECONDS,
            CURLOPT_TIMEOUT_MS => self::TOTAL_MILLISECONDS,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_PROXY => '',
            CURLOPT_FOLLOWLOCATION => false,
        ]);
        if ($this->socket !== null) {
            curl_setopt($handle, CURLOPT_UNIX_SOCKET_PATH, $this->socket);
        }
        $answer = curl_exec($handle);
        $status = curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
        $problem = $answer === false ? curl_error($handle) : ($status === $expected ? '' : 'HTTP ' . $status);
        curl_close($handle);

        return $problem;
    }
}
