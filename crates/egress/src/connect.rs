//! How a connection comes to be: resolve once, judge every address, connect to a judged one, TLS.
//!
//! Invariant: no socket is opened to an address that [`Policy::judge`] has not allowed, and the
//! address connected to is one of those judged, never a second look-up.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower::Service;

use crate::error::{EgressError, Phase, Refusal};
use crate::limits::ADDRESSES_PER_HOST_MAX;
use crate::policy::Policy;

/// A connected socket, with TLS or without.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

impl Connection for Box<dyn Socket> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Turns a host name and port into addresses.
pub(crate) type Resolver = Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>;

/// The operating system's resolver.
pub(crate) fn system_resolver() -> Resolver {
    Arc::new(|host, port| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, port)).await?;
            Ok(found.take(ADDRESSES_PER_HOST_MAX + 1).collect())
        })
    })
}

/// Opens connections for the HTTP library's pool.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) policy: Arc<Policy>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) resolver: Resolver,
    pub(crate) timeout: Duration,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Socket>>;
    type Error = EgressError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, EgressError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), EgressError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let target = Target::of(&uri)?;
            match tokio::time::timeout(connector.timeout, connector.open(&target)).await {
                Ok(opened) => opened.map(TokioIo::new),
                Err(_) => Err(EgressError::Timeout { host: target.host, phase: Phase::Connecting }),
            }
        })
    }
}

impl Connector {
    async fn open(&self, target: &Target) -> Result<Box<dyn Socket>, EgressError> {
        let addresses = self.judged_addresses(target).await?;
        let tcp = self.dial(target, &addresses).await?;
        if !target.tls {
            return Ok(Box::new(tcp));
        }
        let tls = |source: io::Error| EgressError::Tls {
            host: target.host.clone(),
            source: Arc::new(source),
        };
        let name = ServerName::try_from(target.host.clone())
            .map_err(|error| tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        Ok(Box::new(connector.connect(name, tcp).await.map_err(tls)?))
    }

    /// The addresses of the host, all of them allowed. One closed address closes the host: a name
    /// that leads both outside and inside is somebody's attempt or somebody's mistake.
    async fn judged_addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, EgressError> {
        let forbidden = |reason| EgressError::Forbidden { host: target.host.clone(), reason };
        let addresses = match target.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, target.port)],
            Err(_) => self.resolve(target).await?,
        };
        if addresses.len() > ADDRESSES_PER_HOST_MAX {
            return Err(forbidden(Refusal::TooManyAddresses));
        }
        for address in &addresses {
            self.policy.judge(address.ip()).map_err(forbidden)?;
        }
        Ok(addresses)
    }

    async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, EgressError> {
        let unresolved = |source: io::Error| EgressError::Resolve {
            host: target.host.clone(),
            source: Arc::new(source),
        };
        let found = (self.resolver)(target.host.clone(), target.port).await.map_err(unresolved)?;
        if found.is_empty() {
            return Err(unresolved(io::Error::new(io::ErrorKind::NotFound, "no address")));
        }
        Ok(found)
    }

    /// Tries the addresses one after the other; each gets an equal part of the time, so that a
    /// silent first address leaves time for the second.
    async fn dial(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
    ) -> Result<TcpStream, EgressError> {
        let parts = u32::try_from(addresses.len().max(1)).unwrap_or(1);
        let part = self.timeout / parts;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
        for address in addresses {
            match tokio::time::timeout(part, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // Small signed messages: waiting to fill a packet only adds latency.
                    if let Err(error) = tcp.set_nodelay(true) {
                        tracing::debug!(%error, "no TCP_NODELAY");
                    }
                    return Ok(tcp);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(EgressError::Connect { host: target.host.clone(), source: Arc::new(last) })
    }
}

/// Where a URL leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Host name or literal address, lower case, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

impl Target {
    /// Reads scheme, host and port of a URL.
    pub(crate) fn of(uri: &Uri) -> Result<Self, EgressError> {
        let bad = |reason| EgressError::BadUrl { reason };
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(bad("its scheme is neither http nor https")),
            None => return Err(bad("it is not absolute")),
        };
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("it carries user information"));
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
            .to_ascii_lowercase();
        if host.is_empty() {
            return Err(bad("it has no host"));
        }
        let after_host = authority.as_str().rsplit_once(']').map_or(authority.as_str(), |it| it.1);
        let port = match after_host.rsplit_once(':') {
            None => None,
            Some((_, text)) => Some(
                text.parse::<u16>()
                    .ok()
                    .filter(|port| *port != 0)
                    .ok_or_else(|| bad("its port is no port"))?,
            ),
        };
        Ok(Self { host, port: port.unwrap_or(if tls { 443 } else { 80 }), tls })
    }

    /// The key of the connection bounds.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests;
