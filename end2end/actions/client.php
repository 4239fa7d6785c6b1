<?php
// Asks as programs that were written for sendSMS's API do: by PHP's curl, each request in one of their ways. Takes
// {"url", "requests": [{"way", "from"?, "params": {…}, "queue"?: […]}]} on standard input, and prints the answers.

function ask(CurlHandle $curl, string $url, array $request): array
{
    $params = $request['params'];
    curl_reset($curl);
    $options = [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 30,
        CURLOPT_HTTPHEADER => ['Connection: keep-alive'],
        CURLOPT_INTERFACE => $request['from'] ?? '127.0.0.1',
    ];
    $options += match ($request['way']) {
        'GET' => [CURLOPT_URL => $url . '?' . http_build_query($params)],
        'POST with a query' => [CURLOPT_URL => $url . '?' . http_build_query($params), CURLOPT_POST => true, CURLOPT_POSTFIELDS => ''],
        'POST with a form' => [CURLOPT_URL => $url, CURLOPT_POST => true, CURLOPT_POSTFIELDS => http_build_query($params)],
        'POST with an array' => [CURLOPT_URL => $url, CURLOPT_POST => true, CURLOPT_POSTFIELDS => $params],
        'queue' => [
            CURLOPT_URL => $url . '?' . http_build_query($params),
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => 'data=' . urlencode(json_encode(queue($request['queue']))),
        ],
    };
    curl_setopt_array($curl, $options);
    $body = curl_exec($curl);
    if ($body === false) {
        throw new RuntimeException(curl_error($curl));
    }
    return ['http' => curl_getinfo($curl, CURLINFO_RESPONSE_CODE), 'told' => json_decode($body, true)];
}

// As they collect commands: without parameters, json_encode writes [] in place of {}.
function queue(array $commands): array
{
    return array_map(fn ($command) => ['command' => $command[0], 'params' => $command[1] ?? []], $commands);
}

$job = json_decode(stream_get_contents(STDIN), true, flags: JSON_THROW_ON_ERROR);
$curl = curl_init();
echo json_encode(array_map(fn ($request) => ask($curl, $job['url'], $request), $job['requests']), JSON_THROW_ON_ERROR);
