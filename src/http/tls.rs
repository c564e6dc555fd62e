//! TLS of the listener: reads a certificate and its key, and reads them again when their files
//! change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::message;

/// The protocols under TLS, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A certificate chain and its private key, both as PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate of the service, followed by those between it and a root.
    pub certificate: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
}

/// What shows that a file was changed or replaced: its time, its size and its number on disk.
type FileMark = Option<(SystemTime, u64, u64)>;

/// The present certificate of the listener.
pub struct TlsKeys {
    files: TlsFiles,
    present: ArcSwap<ServerConfig>,
}

impl TlsFiles {
    /// Reads and checks both files.
    ///
    /// # Errors
    /// A file cannot be read, holds no certificate or key, or the two do not belong together; the
    /// refusal names option, file and reason.
    pub fn load(&self) -> Result<TlsKeys> {
        let present = ArcSwap::from(self.config()?);
        Ok(TlsKeys { files: self.clone(), present })
    }

    fn config(&self) -> Result<Arc<ServerConfig>> {
        let read = |option: &str, path: &Path| {
            fs::read(path).map_err(|error| {
                let reason = error.to_string();
                let message = message!("ne se lit pas : {reason}", "cannot be read: {reason}");
                refused(option, path, message)
            })
        };
        let (certificate, key) = (&self.certificate, &self.key);
        let pem = read("--tls-cert", certificate)?;
        let chain: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| {
            let message = message!("ne contient pas de certificat PEM", "holds no PEM certificate");
            refused("--tls-cert", certificate, message)
        })?;
        let pem = read("--tls-key", key)?;
        let secret = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
            let message = message!("ne contient pas de clé privée PEM", "holds no PEM private key");
            refused("--tls-key", key, message)
        })?;
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?;
        let config = builder.with_no_client_auth().with_single_cert(chain, secret);
        let mut config = config.map_err(|error| {
            let reason = error.to_string();
            let message = message!(
                "ne va pas avec le certificat : {reason}",
                "does not belong to the certificate: {reason}"
            );
            refused("--tls-key", key, message)
        })?;
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config))
    }

    fn marks(&self) -> [FileMark; 2] {
        use std::os::unix::fs::MetadataExt;
        [&self.certificate, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len(), found.ino()))
        })
    }
}

fn refused(option: &str, path: &Path, message: Message) -> Error {
    Refusal::new(option, path.display(), message).into()
}

impl TlsKeys {
    /// An acceptor with the present certificate.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.present.load_full())
    }

    /// Reads the files again whenever they change, until it is dropped. A pair that cannot be used
    /// is logged, and the present one stays.
    pub async fn follow(self: Arc<Self>) {
        let mut known = self.files.marks();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let marks = self.files.marks();
            if marks != known {
                // The two files are not replaced in one moment: what does not fit yet is read again
                // at the next change.
                known = marks;
                self.renew();
            }
        }
    }

    fn renew(&self) {
        match self.files.config() {
            Ok(config) => {
                self.present.store(config);
                tracing::warn!("the TLS certificate was replaced");
            }
            Err(error) => {
                tracing::error!(%error, "the new TLS certificate is refused; the old one stays");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        let files = TlsFiles { certificate: file("crt"), key: file("key") };
        fs::write(&files.certificate, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn refusals_name_the_option_the_file_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (write(folder.path(), "one"), write(folder.path(), "other"));
        assert!(one.load().is_ok());
        let missing = folder.path().join("missing");
        let empty = folder.path().join("empty");
        fs::write(&empty, "").unwrap();
        let with = |certificate: &PathBuf, key: &PathBuf| {
            let files = TlsFiles { certificate: certificate.clone(), key: key.clone() };
            files.load().err().unwrap().refusals.remove(0)
        };
        for (refusal, option, reason) in [
            (with(&missing, &one.key), "--tls-cert", "cannot be read"),
            (with(&empty, &one.key), "--tls-cert", "no PEM certificate"),
            (with(&one.key, &one.key), "--tls-cert", "no PEM certificate"),
            (with(&one.certificate, &missing), "--tls-key", "cannot be read"),
            (with(&one.certificate, &empty), "--tls-key", "no PEM private key"),
            (with(&one.certificate, &other.key), "--tls-key", "does not belong"),
        ] {
            assert_eq!(refusal.field, option);
            assert!(refusal.message.en.contains(reason), "{option}: {}", refusal.message.en);
        }
    }

    #[test]
    fn a_broken_new_pair_keeps_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "one");
        let keys = files.load().unwrap();
        let first = keys.present.load_full();
        let marks = files.marks();
        fs::write(&files.key, "broken").unwrap();
        assert_ne!(files.marks(), marks);
        keys.renew();
        assert!(Arc::ptr_eq(&first, &keys.present.load_full()));
        write(folder.path(), "one");
        keys.renew();
        assert!(!Arc::ptr_eq(&first, &keys.present.load_full()));
    }
}
