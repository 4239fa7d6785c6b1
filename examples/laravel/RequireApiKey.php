<?php
// app/Http/Middleware/RequireApiKey.php: lets a request pass if Latchkey says that its key may.
// Behind a proxy, name it in TrustProxies, or every client has the proxy's address.
// config/services.php: 'latchkey' => ['url' => env('LATCHKEY_URL'), 'token' => env('GATEWAY_TOKEN')]
namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Http;
use Symfony\Component\HttpFoundation\Response;
use Throwable;

class RequireApiKey
{
    private const FORBIDDEN = ['IP_NOT_ALLOWED', 'NO_CLIENT_ADDRESS', 'DISABLED', 'OWNER_DISABLED'];

    public function handle(Request $request, Closure $next): Response
    {
        $key = $request->header('X-API-Key') ?? abort(401);
        try {
            $verdict = Http::withToken(config('services.latchkey.token'))
                ->timeout(2)
                ->post(config('services.latchkey.url').'/v1/verify', ['key' => $key, 'client_ip' => $request->ip()])
                ->throw()
                ->json();
        } catch (Throwable $error) {
            report($error);
            abort(503, headers: ['Retry-After' => 1]);
        }
        if (! $verdict['valid']) {
            $code = $verdict['code'];
            abort($code === 'THROTTLED' ? 429 : (in_array($code, self::FORBIDDEN, true) ? 403 : 401));
        }
        $request->attributes->set('latchkey', $verdict);

        return $next($request);
    }
}
