//! Where nothing is ever sent, whatever a name says.

use super::{add, app_with_owner, log, press, test};
use crate::app::TestApp;
use crate::certificates::Authority;
use crate::dead::Dead;
use crate::patience::PATIENCE;
use crate::receiver::{Receiver, TAKEN};
use async_trait::async_trait;
use domain::outbound::is_allowed;
use http::StatusCode;
use latchkey::dial::{Resolve, SystemResolver};
use latchkey::webhooks::Sender;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Answers one question after the other from a list, and counts them.
#[derive(Default)]
struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn says(&self, answers: &[&[&str]]) {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        *self.answers.lock() = answers.iter().map(parse).collect();
        self.asked.lock().clear();
    }

    fn asked(&self) -> usize {
        self.asked.lock().len()
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().push(name.to_owned());
        self.answers.lock().pop_front().ok_or(io::ErrorKind::NotFound.into())
    }
}

/// Sends whatever is due, with these names.
async fn deliver(app: &TestApp, names: &Arc<Names>, tls: Option<ClientConfig>) -> usize {
    let mut deliverer = app.services.deliverer.clone();
    let allow_private = app.services.settings.webhook_allow_private;
    deliverer.sender = Sender::new(names.clone(), allow_private, PATIENCE);
    if let Some(tls) = tls {
        deliverer.sender = deliverer.sender.with_tls(tls);
    }
    deliverer.deliver_due().await
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_followed() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    let names = Arc::new(Names::default());
    let url = format!("https://hooks.example:{}/", receiver.address.port());
    let (path, _) = add(&browser, &url).await;
    for answer in [
        &["127.0.0.1"][..],
        &["::1"],
        &["10.0.0.1"],
        &["172.16.0.1"],
        &["192.168.1.1"],
        &["169.254.169.254"],
        &["100.64.0.1"],
        &["0.0.0.0"],
        &["::ffff:127.0.0.1"],
        &["::127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::"],
        &["fd00::1"],
        &["fe80::1"],
        // One that must not be asked spoils the others, wherever it stands.
        &["1.1.1.1", "127.0.0.1"],
        &["127.0.0.1", "1.1.1.1"],
    ] {
        // What it would say a moment later is not asked for.
        names.says(&[answer, &["1.1.1.1"]]);
        assert_eq!(press(&browser, &path, "test_webhook").await.status, StatusCode::SEE_OTHER);
        assert_eq!(deliver(&app, &names, None).await, 1);
        assert_eq!(names.asked(), 1, "{answer:?}");
        let row = &log(&browser, &path).await[0];
        assert_eq!(
            row[2], "Refused: the address leads to this server or into a private network",
            "{answer:?}"
        );
    }
    names.says(&[]);
    assert_eq!(press(&browser, &path, "test_webhook").await.status, StatusCode::SEE_OTHER);
    assert_eq!(deliver(&app, &names, None).await, 1);
    assert_eq!(log(&browser, &path).await[0][2], "The name of the receiver has no address");
    assert_eq!(receiver.connections(), 0);
    app.stop().await;
}

#[tokio::test]
async fn the_names_of_this_machine_are_judged_too() {
    let found = SystemResolver.resolve("localhost").await.unwrap();
    assert!(!found.is_empty() && found.iter().all(|ip| !is_allowed(*ip, false)), "{found:?}");
    assert!(SystemResolver.resolve("no-such-name.invalid").await.is_err());
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_judged() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let first = Receiver::start(TAKEN);
    let second = Receiver::start_at(&format!("127.0.0.2:{}", first.address.port()), TAKEN, None);
    let names = Arc::new(Names::default());
    let (path, _) = add(&browser, &format!("http://hooks.example:{}/x", first.address.port())).await;
    names.says(&[&["127.0.0.1"], &["127.0.0.2"]]);
    assert_eq!(press(&browser, &path, "test_webhook").await.status, StatusCode::SEE_OTHER);
    assert_eq!(deliver(&app, &names, None).await, 1);
    assert_eq!((names.asked(), first.connections(), second.connections()), (1, 1, 0));
    let message = first.take().remove(0);
    assert_eq!(message.header("host"), format!("hooks.example:{}", first.address.port()));
    assert_eq!(names.asked.lock()[0], "hooks.example");
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_whose_first_address_is_dead_is_reached_at_its_next() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    let port = receiver.address.port();
    let _dead = Dead::at("127.0.0.33", port).await;
    let names = Arc::new(Names::default());
    let (path, _) = add(&browser, &format!("http://hooks.example:{port}/")).await;
    names.says(&[&["127.0.0.33", "127.0.0.1"]]);
    assert_eq!(press(&browser, &path, "test_webhook").await.status, StatusCode::SEE_OTHER);
    assert_eq!(deliver(&app, &names, None).await, 1);
    assert_eq!(log(&browser, &path).await[0][2], "Delivered (204)");
    assert_eq!((names.asked(), receiver.connections()), (1, 1), "at once, and not at the next attempt");
    app.stop().await;
}

#[tokio::test]
async fn tls_is_for_the_name_though_the_address_was_judged() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let authority = Authority::found();
    authority.issue("receiver");
    let receiver = Receiver::start_with_tls(&authority, TAKEN);
    let names = Arc::new(Names::default());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.path("ca.pem")).unwrap()).unwrap();
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let port = receiver.address.port();
    let no_tls = "No TLS: the receiver's certificate is not valid for this name, or not trusted";
    for (name, tls, outcome) in [
        ("hooks.example", Some(tls.clone()), "Delivered (204)"),
        ("other.example", Some(tls), no_tls),
        ("hooks.example", None, no_tls),
    ] {
        let (path, _) = add(&browser, &format!("https://{name}:{port}/")).await;
        names.says(&[&["127.0.0.1"]]);
        assert_eq!(press(&browser, &path, "test_webhook").await.status, StatusCode::SEE_OTHER);
        assert_eq!(deliver(&app, &names, tls).await, 1);
        assert_eq!(log(&browser, &path).await[0][2], outcome, "{name}");
    }
    let messages = receiver.take();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].header("host"), format!("hooks.example:{port}"));
    app.stop().await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let inside = Receiver::start(TAKEN);
    let outside = Receiver::start("");
    let (path, _) = add(&browser, &outside.url()).await;
    for status in [301, 302, 303, 307, 308] {
        outside.answer(&format!(
            "HTTP/1.1 {status} There\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            inside.url()
        ));
        test(&browser, &path).await;
        let row = &log(&browser, &path).await[0];
        assert_eq!(
            row[2],
            format!("The receiver answered with a redirect ({status}), which is not followed")
        );
    }
    assert_eq!(inside.connections(), 0);
    app.stop().await;
}

#[tokio::test]
async fn what_was_allowed_once_is_judged_by_the_settings_of_now() {
    let app = app_with_owner().await;
    let receiver = Receiver::start(TAKEN);
    let (path, _) = add(&app.browser("demo").await, &receiver.url()).await;
    let app = app.restart().await;
    let browser = app.browser("demo").await;
    test(&browser, &path).await;
    let row = &log(&browser, &path).await[0];
    assert_eq!(row[2], "The address is none that webhooks may have here");
    assert_eq!(receiver.connections(), 0);
    app.stop().await;
}
