//! The whole server in this process, with a part that fails.

use super::*;
use crate::settings::Layers;

/// Serves on a directory of its own with one more part; answers what it ended with.
async fn serve_with<F>(part: F) -> Result<(), String>
where
    F: Future<Output = ()> + Send + 'static,
{
    let dir = tempfile::tempdir().unwrap();
    let given = [("data_dir", dir.path().display().to_string()), ("listen", "127.0.0.1:0".to_owned())];
    let given = given.into_iter().map(|(name, value)| (name, "--test", value)).collect();
    let settings = Settings::parse(&Layers::load(None, std::iter::empty(), given).unwrap()).unwrap();
    let data_dir = DataDir::claim(&settings.data_dir).unwrap();
    let (services, flusher) = start(settings, Arc::new(SystemClock)).await.unwrap();
    let (here, stop) = (Handle::current(), CancellationToken::new());
    services.life.run(&here, "the part of this test", &stop, part);
    let signals = Signals::listen().unwrap();
    let both = [&here, &here];
    let serving = serve_until_signal(&services, flusher, both, &data_dir, signals, Handed::default());
    let ended = tokio::time::timeout(Duration::from_secs(120), serving).await.unwrap();
    services.store.close().await;
    ended.map_err(|failure| failure.to_string())
}

fn fail() {
    std::panic::resume_unwind(Box::new("a fault in it"));
}

#[tokio::test]
async fn a_part_that_ends_stops_the_server_with_its_cause() {
    let panicking = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        fail();
    };
    let told = serve_with(panicking).await.unwrap_err();
    assert!(
        told.starts_with("stopped, because a part of it failed: the part of this test has ended: a fault")
    );
    assert!(!told.contains('\n'), "one line: {told}");
    let told = serve_with(async {}).await.unwrap_err();
    assert!(told.contains("the part of this test has ended"), "{told}");
}
