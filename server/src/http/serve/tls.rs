//! TLS handshakes, with the certificate that the operator's files hold now.

use crate::settings::TlsFiles;
use parking_lot::RwLock;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::signal::unix::Signal;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::Error::NoItemsFound;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One cannot be read, or is no PEM file of its kind.
    #[error("{}: {why}; it has to be a PEM file of {kind}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        kind: &'static str,
        /// What is wrong.
        why: rustls::pki_types::pem::Error,
    },
    /// The key needs a password, which nobody is there to type.
    #[error("{} holds an encrypted key; decrypt it (`openssl pkey`)", .0.display())]
    Encrypted(PathBuf),
    /// The key and the certificate do not belong together.
    #[error(
        "the private key does not belong to the certificate ({} and {}): name those that were made for each other",
        key.display(), certificate.display()
    )]
    OtherPair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// Their kind is not known.
    #[error("{} and {} cannot be used: {why}", certificate.display(), key.display())]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        why: rustls::Error,
    },
    /// The random generator.
    #[error("TLS cannot be set up: {0}")]
    SetUp(rustls::Error),
}

/// What is needed to speak TLS.
pub struct Tls {
    config: Arc<ServerConfig>,
    certificate: Arc<Certificate>,
}

/// The certificate in force; connections that are open keep theirs.
#[derive(Debug)]
struct Certificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read()))
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// The files cannot be used.
    pub fn load(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(Arc::new(read(files, &provider)?));
        let certificate = Arc::new(Certificate { files: files.clone(), current });
        // TLS 1.2 and 1.3, whose ciphers are all fit for use.
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::SetUp)?
            .with_no_client_auth()
            .with_cert_resolver(certificate.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Sessions are resumed without a memory that strangers could fill.
        config.ticketer = ring::Ticketer::new().map_err(TlsError::SetUp)?;
        Ok(Arc::new(Self { config: Arc::new(config), certificate }))
    }

    pub(super) async fn agree<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        tokio_rustls::TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).await
    }

    /// Takes the files in anew when they change and at SIGHUP, until `stop`. A pair that cannot be used is
    /// told to the log, and the one in force stays.
    pub async fn keep_fresh(self: Arc<Self>, mut hangup: Signal, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut seen = self.certificate.stamps();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => {}
                _ = look.tick() => {
                    if self.certificate.stamps() == seen {
                        continue;
                    }
                }
            }
            seen = self.certificate.stamps();
            self.certificate.read_anew(self.config.crypto_provider());
        }
    }
}

impl Certificate {
    fn read_anew(&self, provider: &CryptoProvider) {
        match read(&self.files, provider) {
            Ok(certificate) => {
                *self.current.write() = Arc::new(certificate);
                tracing::info!(event = "certificate_renewed", "the TLS certificate was read anew");
            }
            Err(error) => {
                tracing::error!(event = "certificate_kept", "the TLS certificate in force is kept: {error}");
            }
        }
    }

    fn stamps(&self) -> [Option<(u64, i64, i64, u64)>; 2] {
        [&self.files.certificate, &self.files.key].map(|path| stamp(path))
    }
}

/// What changes when a file is written or another put in its place.
fn stamp(path: &Path) -> Option<(u64, i64, i64, u64)> {
    fs::metadata(path).ok().map(|file| (file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let unreadable = |path: &Path, kind| {
        let path = path.to_owned();
        move |why| TlsError::Unreadable { path, kind, why }
    };
    let kind = "the server's certificate and those that signed it";
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let chain = chain.and_then(|chain| if chain.is_empty() { Err(NoItemsFound) } else { Ok(chain) });
    let chain = chain.map_err(unreadable(&files.certificate, kind))?;
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|why| match fs::read_to_string(&files.key) {
            Ok(text) if text.contains("ENCRYPTED") => TlsError::Encrypted(files.key.clone()),
            _ => unreadable(&files.key, "one private key")(why),
        })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|why| {
        let (certificate, key) = (files.certificate.clone(), files.key.clone());
        match why {
            rustls::Error::InconsistentKeys(_) => TlsError::OtherPair { certificate, key },
            why => TlsError::Unusable { certificate, key, why },
        }
    })
}
