//! The database URL: what the driver is told, how TLS is made, and how the place is shown without
//! its secrets.
//!
//! `sslmode` is `disable` (also when it is left out), `require`, `verify-ca` or `verify-full`. The
//! last three are the same here: whoever asks for TLS gets a certificate that is checked, by name,
//! against the authorities of `sslrootcert` (a PEM file), or else those of the web.

use std::fmt::Write as _;
use std::str::FromStr as _;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::OpenError;
use crate::limits::{CONNECT_WAIT, KEEPALIVE_IDLE, UNANSWERED_WAIT};

/// Where the database is.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: Option<MakeRustlsConnect>,
    /// Hosts, ports and the database's name.
    pub(super) shown: String,
}

impl Address {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=...`.
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        check_form(url)?;
        let (plain, tls) = split(url)?;
        let bad = |error: tokio_postgres::Error| OpenError::Url { reason: chain(&error) };
        let mut config = Config::from_str(&plain).map_err(bad)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(OpenError::Url { reason: "it names no host".to_owned() });
        }
        if config.get_dbname().is_none() {
            return Err(OpenError::Url { reason: "it names no database".to_owned() });
        }
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.keepalives_idle(KEEPALIVE_IDLE);
        config.tcp_user_timeout(UNANSWERED_WAIT);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WAIT);
        }
        if config.get_application_name().is_none() {
            config.application_name("causeway");
        }
        let shown = shown(&config);
        Ok(Self { config, tls, shown })
    }
}

/// What the driver would read in another way than it was meant, and then quote in its error with
/// the password inside: a text that is no URL as `name=value` pairs, and a password's `?` as the
/// end of the address.
fn check_form(url: &str) -> Result<(), OpenError> {
    let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    let reason = if !is_url {
        "it does not begin with postgres://"
    } else if url.split_once('?').is_some_and(|(_, query)| query.contains('@')) {
        "there is an @ behind a ?; in a password they are written %40 and %3F"
    } else {
        return Ok(());
    };
    Err(OpenError::Url { reason: reason.to_owned() })
}

/// Takes the parameters about TLS out of the URL, since the driver knows only some of them.
fn split(url: &str) -> Result<(String, Option<MakeRustlsConnect>), OpenError> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut kept = Vec::new();
    let (mut mode, mut authorities) = ("disable", None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => authorities = Some(value),
            Some(_) | None => kept.push(pair),
        }
    }
    let tls = match mode {
        "disable" => None,
        "require" | "verify-ca" | "verify-full" => Some(connector(authorities)?),
        _ => {
            let reason = "its sslmode is none of disable, require, verify-ca, verify-full";
            return Err(OpenError::Url { reason: reason.to_owned() });
        }
    };
    let plain =
        if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    Ok((plain, tls))
}

fn connector(authorities: Option<&str>) -> Result<MakeRustlsConnect, OpenError> {
    let bad = |reason: String| OpenError::Url { reason };
    let roots = match authorities {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(file) => {
            let mut roots = RootCertStore::empty();
            let failed =
                |error: &dyn std::fmt::Display| bad(format!("sslrootcert {file}: {error}"));
            let found = CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))?;
            for certificate in found {
                let certificate = certificate.map_err(|error| failed(&error))?;
                roots.add(certificate).map_err(|error| failed(&error))?;
            }
            if roots.is_empty() {
                return Err(bad(format!("sslrootcert {file} holds no certificate")));
            }
            roots
        }
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn shown(config: &Config) -> String {
    let mut text = String::new();
    for (index, host) in config.get_hosts().iter().enumerate() {
        let ports = config.get_ports();
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        let separator = if index == 0 { "" } else { "," };
        let _ = match host {
            Host::Tcp(name) => write!(text, "{separator}{name}:{port}"),
            Host::Unix(path) => write!(text, "{separator}{}:{port}", path.display()),
        };
    }
    let _ = write!(text, "/{}", config.get_dbname().unwrap_or_default());
    one_line(&text)
}

/// What a URL can spell with `%0A` stays in its line.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// An error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            let _ = write!(text, ": {words}");
        }
        source = cause.source();
    }
    one_line(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        Address::parse(url).err().unwrap().to_string()
    }

    #[test]
    fn urls_are_read_and_shown_without_secrets() {
        let url = "postgres://u:secret@db1:5433,db2:5434/pay?connect_timeout=3&sslmode=disable";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.shown, "db1:5433,db2:5434/pay");
        assert_eq!(Address::parse("postgres://h/a%0Ab").unwrap().shown, "h:5432/a b");
        assert!(address.tls.is_none());
        let address = Address::parse("postgresql://u:secret@db/pay?sslmode=verify-full").unwrap();
        assert_eq!(address.shown, "db:5432/pay");
        assert!(address.tls.is_some());
        assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn wrong_urls_are_told_in_one_line_without_secrets() {
        let cases = [
            ("postgres://u:secret@h", "names no database"),
            ("postgres://u:secret@h/db?sslmode=prefer", "sslmode"),
            ("postgres://u:secret@h/db?sslmode=require&sslrootcert=/none.pem", "/none.pem"),
            ("postgres://u:secret@h/db?surprise=1", "surprise"),
            ("postgres://u:secret@h:port/db", "port"),
            ("postgre://u:secret@h/db?sslmode=require", "begin with postgres://"),
            ("host=h user=u password=secret dbname=db", "begin with postgres://"),
            ("postgres://u:x?secret@h/db", "%40"),
            ("postgres://u:x?secret=1@h/db", "%40"),
        ];
        for (url, words) in cases {
            let text = refused(url);
            assert!(text.contains(words) && !text.contains("secret"), "{text}");
            assert!(!text.contains('\n'), "{text}");
        }
    }
}
