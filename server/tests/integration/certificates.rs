//! An authority that issues certificates, and servers that have them.

use crate::binary::Server;
use crate::scene::curl;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes certificates with the openssl command.
pub(crate) struct Authority {
    dir: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn found() -> Self {
        let authority = Self { dir: tempfile::tempdir().unwrap() };
        authority.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem");
        authority
    }

    pub(crate) fn openssl(&self, arguments: &str) {
        let output =
            Command::new("openssl").args(arguments.split(' ')).current_dir(&self.dir).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Issues a certificate for localhost and hooks.example as `cert.pem` and `key.pem`, each put in its place at once.
    pub(crate) fn issue(&self, name: &str) {
        self.openssl(&format!("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout new.key -out new.csr"));
        std::fs::write(self.path("san"), "subjectAltName=DNS:localhost,DNS:hooks.example,IP:127.0.0.1\n")
            .unwrap();
        self.openssl("x509 -req -in new.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile san -out new.pem");
        std::fs::rename(self.path("new.key"), self.path("key.pem")).unwrap();
        std::fs::rename(self.path("new.pem"), self.path("cert.pem")).unwrap();
    }

    /// A server with the certificate; its address.
    pub(crate) fn serve(&self, dir: &Path, more: &[(&str, &str)]) -> Server {
        let (certificate, key) = (self.path("cert.pem"), self.path("key.pem"));
        let mut environment = vec![
            ("LATCHKEY_TLS_CERTIFICATE", certificate.to_str().unwrap()),
            ("LATCHKEY_TLS_KEY", key.to_str().unwrap()),
        ];
        environment.extend(more);
        Server::start_with(dir, &[], &environment)
    }

    pub(crate) fn curl(&self, arguments: &[&str]) -> String {
        let ca = self.path("ca.pem");
        curl(&[&["--cacert", ca.to_str().unwrap()], arguments].concat())
    }
}
