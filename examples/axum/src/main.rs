//! An axum API that lets a request pass if Latchkey says that its key may.
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, http::StatusCode, routing::get};
use std::{env::var, net::SocketAddr, time::Duration};

async fn verify(key: &str, peer: SocketAddr) -> Result<serde_json::Value, reqwest::Error> {
    // A program of yours keeps one client for all requests.
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
    let url = format!("{}/v1/verify", var("LATCHKEY_URL").expect("LATCHKEY_URL is set"));
    let question = serde_json::json!({"key": key, "client_ip": peer.ip()});
    let token = var("GATEWAY_TOKEN").expect("GATEWAY_TOKEN is set");
    client.post(url).bearer_auth(token).json(&question).send().await?.error_for_status()?.json().await
}

// Behind a proxy, take the address that your own proxy names, or every client has the proxy's.
async fn require_key(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    let verdict = match verify(key, peer).await {
        Ok(verdict) if verdict["valid"] == true => return next.run(request).await,
        Ok(verdict) => verdict,
        Err(error) => {
            eprintln!("Latchkey gave no verdict: {error}");
            return (StatusCode::SERVICE_UNAVAILABLE, "Try again.").into_response();
        }
    };
    let status = match verdict["code"].as_str().unwrap_or_default() {
        "IP_NOT_ALLOWED" | "NO_CLIENT_ADDRESS" | "DISABLED" | "OWNER_DISABLED" => StatusCode::FORBIDDEN,
        "THROTTLED" => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNAUTHORIZED,
    };
    (status, "This key may not be used here.").into_response()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let app = Router::new().route("/hello", get(|| async { "hello" })).layer(from_fn(require_key));
    let address = format!("127.0.0.1:{}", var("PORT").expect("PORT is set"));
    let listener = tokio::net::TcpListener::bind(address).await.expect("the port is free");
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await.expect("it serves");
}
