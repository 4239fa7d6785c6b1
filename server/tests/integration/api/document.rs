//! The OpenAPI document.

use super::{PROGRAMS, request};
use crate::app::TestApp;
use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::Value;

/// The document that a server gives out.
pub(super) async fn document(app: &TestApp) -> Value {
    let asked = request(Method::GET, "/openapi.json").body(Body::empty()).unwrap();
    let answer = app.send(PROGRAMS, asked).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

#[tokio::test]
async fn the_document_changes_only_on_purpose() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    assert_eq!(document["openapi"], "3.1.0");
    let text = serde_json::to_string_pretty(&document).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/api");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r#""version": "[0-9.]+""#, r#""version": "VERSION""#);
    settings.bind(|| insta::assert_snapshot!("openapi", text));
}
