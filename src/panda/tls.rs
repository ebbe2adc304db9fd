//! TLS with a proxy certificate as the pilot's name.

use super::error::PandaError;
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

/// What is needed to speak with a proxy's name. Its file has its own certificate, its key, and the certificates
/// that lead to the authority.
///
/// # Errors
/// The file, or the folder of authorities, cannot be used.
pub(super) fn config(file: &Path, authorities: Option<&Path>) -> Result<TlsConfig, PandaError> {
    let wrong = |what: &str| PandaError::Credentials(format!("the proxy {}: {what}", file.display()));
    let bytes = fs::read(file).map_err(|e| wrong(&e.to_string()))?;
    let (mut chain, mut key): (Vec<Certificate<'static>>, Option<PrivateKey<'static>>) = (vec![], None);
    for item in parse_pem(&bytes) {
        match item.map_err(|e| wrong(&e.to_string()))? {
            PemItem::Certificate(certificate) => chain.push(certificate),
            PemItem::PrivateKey(found) => key = Some(found),
            _ => {}
        }
    }
    let Some(key) = key.filter(|_| !chain.is_empty()) else {
        return Err(wrong("it needs a certificate and a key, both in PEM"));
    };
    let der = PrivateKeyDer::try_from(key.der()).map_err(|why| wrong(&format!("its key: {why}")))?;
    KEYS.load_private_key(der.clone_key()).map_err(|why| wrong(&format!("its key: {why}")))?;
    let provider = CryptoProvider { key_provider: &KEYS, ..ring::default_provider() };
    let config = TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(provider));
    let config = config.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
    let Some(folder) = authorities else { return Ok(config.build()) };
    let listed = fs::read_dir(folder);
    let listed = listed.map_err(|e| wrong(&format!("authorities in {}: {e}", folder.display())))?;
    let mut roots = vec![];
    for path in listed.filter_map(|entry| Some(entry.ok()?.path())) {
        let named = path
            .extension()
            .is_some_and(|e| e == "pem" || e.len() == 1 && e.as_encoded_bytes()[0].is_ascii_digit());
        if let (true, Ok(bytes)) = (named, fs::read(&path)) {
            roots.extend(parse_pem(&bytes).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            }));
        }
    }
    if roots.is_empty() {
        return Err(wrong(&format!("no certificate of an authority is in {}", folder.display())));
    }
    Ok(config.root_certs(RootCerts::new_with_certs(&roots)).build())
}

/// Loads keys of proxies. A proxy certificate has an extension, critical as RFC 3820 asks for, that the library does
/// not know: it would refuse to compare certificate and key, which is left to the server.
#[derive(Debug)]
struct ProxyKeys;

static KEYS: ProxyKeys = ProxyKeys;

impl KeyProvider for ProxyKeys {
    fn load_private_key(
        &self,
        der: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        let key = ring::default_provider().key_provider.load_private_key(der)?;
        Ok(Arc::new(ProxyKey(key)))
    }
}

/// A key that does not tell its public half, so that it is compared with nothing.
#[derive(Debug)]
struct ProxyKey(Arc<dyn SigningKey>);

impl SigningKey for ProxyKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(offered)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}
