//! Binding sockets, with errors that name the port.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::limits::PORT_SEARCH_COUNT_MAX;

/// Binds one address; `what` says what for.
pub(crate) async fn bind(address: SocketAddr, what: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| explain(address, what, &error))
}

/// Binds as many consecutive ports as there are names, from the port of `first` on. Port 0 looks
/// for a free row of ports.
pub(crate) async fn bind_row<const N: usize>(
    first: SocketAddr,
    names: [&str; N],
) -> Result<[TcpListener; N], Failure> {
    if first.port() != 0 {
        return row_from(first, names).await;
    }
    let mut failure = Failure::new("no row of free ports was found; name a port");
    for _ in 0..PORT_SEARCH_COUNT_MAX {
        let probe = bind(first, names.first().unwrap_or(&"the platform")).await?;
        let address = probe.local_addr().map_err(|error| Failure::at("the listener", error))?;
        drop(probe);
        match row_from(address, names).await {
            Ok(row) => return Ok(row),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn row_from<const N: usize>(
    first: SocketAddr,
    names: [&str; N],
) -> Result<[TcpListener; N], Failure> {
    let mut row = Vec::with_capacity(N);
    for (offset, name) in (0_u16..).zip(names) {
        let port = first.port().checked_add(offset).ok_or_else(|| {
            Failure::usage(format!("port {} is too high: {N} in a row are needed", first.port()))
        })?;
        row.push(bind(SocketAddr::new(first.ip(), port), name).await?);
    }
    row.try_into().map_err(|_| Failure::new("a listener is missing"))
}

fn explain(address: SocketAddr, what: &str, error: &std::io::Error) -> Failure {
    let port = address.port();
    let known = [
        (
            ErrorKind::AddrInUse,
            format!(
                "port {port} ({what}) is in use; stop the program that uses it or choose another"
            ),
        ),
        (
            ErrorKind::PermissionDenied,
            format!("port {port} ({what}) may not be used by this user; choose one above 1023"),
        ),
        (
            ErrorKind::AddrNotAvailable,
            format!("{} ({what}) is no address of this machine", address.ip()),
        ),
    ];
    let found = known.into_iter().find(|(kind, _)| *kind == error.kind());
    let other = || format!("{address} ({what}) cannot be listened on: {error}");
    Failure::new(found.map_or_else(other, |(_, words)| words))
}

/// The address under which this machine reaches a listener: loopback where it listens on all.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other @ (IpAddr::V4(_) | IpAddr::V6(_)) => other,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let failure = bind(address, "the platform").await.unwrap_err().to_string();
        assert!(failure.contains(&address.port().to_string()), "{failure}");
        assert!(failure.contains("in use"), "{failure}");
    }

    #[tokio::test]
    async fn port_0_finds_four_in_a_row() {
        let first = "127.0.0.1:0".parse().unwrap();
        let row = bind_row(first, ["a", "b", "c", "d"]).await.unwrap();
        let ports: Vec<u16> = row.iter().map(|it| it.local_addr().unwrap().port()).collect();
        assert!(ports.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{ports:?}");
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_by_loopback() {
        let shown = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(shown("[::]:80"), "[::1]:80");
        assert_eq!(shown("10.0.0.1:80"), "10.0.0.1:80");
    }
}
