//! TLS of outbound connections: the web's certificate authorities, and those of the configuration.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::EgressError;

/// Makes the client side of TLS. `extra_authorities` is PEM text with one or more certificates.
pub(crate) fn client_config(
    extra_authorities: Option<&str>,
) -> Result<Arc<ClientConfig>, EgressError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = extra_authorities {
        add_authorities(&mut roots, pem)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| EgressError::TlsSetup { detail: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Early data would break the promise that a failed handshake carried no byte of the request.
    config.enable_early_data = false;
    Ok(Arc::new(config))
}

fn add_authorities(roots: &mut RootCertStore, pem: &str) -> Result<(), EgressError> {
    let bad = |detail: String| EgressError::BadAuthorities { detail };
    let mut found = 0usize;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        roots.add(certificate).map_err(|error| bad(error.to_string()))?;
        found += 1;
    }
    if found == 0 {
        return Err(bad("no CERTIFICATE block in the text".to_owned()));
    }
    Ok(())
}
