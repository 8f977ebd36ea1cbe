//! TLS of a listener: a certificate and its key, from files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orbital_config::Section;
use orbital_files::{FileError, file};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};

/// The files of a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// The path of the certificate, followed by those that lead from it to one that clients know.
    pub certificate: PathBuf,
    /// The path of the certificate's private key.
    pub key: PathBuf,
}

/// The reason why a listener cannot use TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("`{setting}`: cannot read `{path}`")]
    Read {
        /// The setting that names the file.
        setting: String,
        /// The path of the file.
        path: PathBuf,
        /// The underlying error.
        source: FileError,
    },
    /// A file does not have the expected content.
    #[error("`{setting}`: `{path}` has no {wanted} in PEM format, such as `-----BEGIN {begin}-----`")]
    Pem {
        /// The setting that names the file.
        setting: String,
        /// The path of the file.
        path: PathBuf,
        /// The expected content.
        wanted: &'static str,
        /// The beginning of the expected content.
        begin: &'static str,
        /// The underlying error.
        source: pem::Error,
    },
    /// The certificate and the key cannot be used together.
    #[error("`{setting}`: certificate and key cannot be used; they may not belong together")]
    Unusable {
        /// The section of the listener's configuration.
        setting: String,
        /// The underlying error.
        source: rustls::Error,
    },
}

impl TlsSettings {
    /// Reads the table `tls` of a listener's section. Relative paths are relative to `base`.
    pub fn read(section: &Section<'_>, base: &Path) -> Option<Self> {
        let there = section.has("tls");
        section.section("tls", |section| {
            let file = |name: &'static str| {
                let path = section.string(name);
                if there && !section.has(name) {
                    section
                        .mistake(format!("has no `{name}`; set it, such as `{name} = \"tls/{name}.pem\"`"));
                }
                path.map(|path| base.join(path))
            };
            let (certificate, key) = (file("certificate"), file("key"));
            Some(Self { certificate: certificate?, key: key? })
        })
    }

    /// Returns the paths of both files.
    pub fn files(&self) -> [&PathBuf; 2] {
        [&self.certificate, &self.key]
    }

    /// Reads the files. `section` is the section that names them.
    ///
    /// # Errors
    /// The files cannot be read, or cannot be used.
    pub fn load(&self, section: &str) -> Result<Arc<ServerConfig>, TlsError> {
        let read = |name: &str, path: &Path| {
            let failed = |source| TlsError::Read {
                setting: format!("{section}.{name}"),
                path: path.to_owned(),
                source,
            };
            file::read(path, file::MAX_SMALL).map_err(failed)
        };
        let wrong = |name: &str, path: &Path, (wanted, begin), source| {
            let (setting, path) = (format!("{section}.{name}"), path.to_owned());
            TlsError::Pem { setting, path, wanted, begin, source }
        };
        let certificate = read("certificate", &self.certificate)?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate).collect();
        let certificates = certificates.and_then(|all| match all.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(all),
        });
        let certificates = certificates.map_err(|source| {
            wrong("certificate", &self.certificate, ("certificate", "CERTIFICATE"), source)
        })?;
        let key = PrivateKeyDer::from_pem_slice(&read("key", &self.key)?)
            .map_err(|source| wrong("key", &self.key, ("private key", "PRIVATE KEY"), source))?;
        let unusable = |source| TlsError::Unusable { setting: section.to_owned(), source };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
