//! TLS to PostgreSQL, with libpq's `sslmode` and `sslrootcert`.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{Result, StoreError};

/// What of the server's certificate is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Nothing,
    /// Who signed it.
    Chain,
    /// Who signed it, and that it is for that host.
    ChainAndHost,
}

/// The connector that `sslmode` and `sslrootcert` ask for, and when it is used. `prefer` and `require` encrypt
/// only, but `require` with a root checks who signed, as libpq does.
pub(super) fn connector(mode: &str, roots: Option<&str>) -> Result<(MakeRustlsConnect, SslMode)> {
    let (check, mode) = match (mode, roots) {
        ("disable", _) => (Check::Nothing, SslMode::Disable),
        ("prefer", _) => (Check::Nothing, SslMode::Prefer),
        ("require", None) => (Check::Nothing, SslMode::Require),
        ("require", Some(_)) => (Check::Chain, SslMode::Require),
        // Anyone has a certificate that the system trusts.
        ("verify-ca", None | Some(SYSTEM)) => {
            return Err(StoreError::Parameter(
                "sslmode=verify-ca 需要 sslrootcert=文件 ¦ sslmode=verify-ca needs sslrootcert=FILE".into(),
            ));
        }
        ("verify-ca", _) => (Check::Chain, SslMode::Require),
        ("verify-full", _) => (Check::ChainAndHost, SslMode::Require),
        _ => {
            return Err(StoreError::Parameter(format!(
                "sslmode {mode} 无法识别，应为 {MODES} ¦ unknown sslmode {mode}: use {MODES}"
            )));
        }
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new(check, roots, provider.clone())?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Parameter(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // What `sslnegotiation=direct` must name.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok((MakeRustlsConnect::new(config), mode))
}

const MODES: &str = "disable, prefer, require, verify-ca, verify-full";
/// Instead of a file's name: the certificates that the system trusts.
const SYSTEM: &str = "system";

#[derive(Debug)]
struct Verifier {
    check: Check,
    /// Knows the roots; `None` if nothing is checked.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of `sslrootcert`, of which one may be the server's own.
    named: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(check: Check, roots: Option<&str>, provider: Arc<CryptoProvider>) -> Result<Self> {
        if check == Check::Nothing {
            return Ok(Verifier { check, chain: None, named: Vec::new(), provider });
        }
        let (named, trusted) = match roots {
            None | Some(SYSTEM) => (Vec::new(), rustls_native_certs::load_native_certs().certs),
            Some(file) => {
                let named = certificates(file)?;
                (named.clone(), named)
            }
        };
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(trusted);
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
            .build()
            .map_err(|error| {
                StoreError::Parameter(format!("没有可信的根证书：{error} ¦ no root certificate: {error}"))
            })?;
        Ok(Verifier { check, chain: Some(chain), named, provider })
    }
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable = |why: String| {
        StoreError::Parameter(format!(
            "无法读取 sslrootcert {file}：{why} ¦ cannot read sslrootcert {file}: {why}"
        ))
    };
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    let found: Vec<_> = read.map_err(|error| unreadable(error.to_string()))?;
    if found.is_empty() { Err(unreadable("no certificate".into())) } else { Ok(found) }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        // A server that signed its own certificate, which is commonly marked as an authority's: webpki takes
        // none of those from a server, OpenSSL does.
        if self.named.iter().any(|named| named == end_entity) {
            if self.check == Check::ChainAndHost {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.check == Check::Chain => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
