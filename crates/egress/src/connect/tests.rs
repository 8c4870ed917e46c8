//! Where URLs lead, and which addresses a connection may go to, with a resolver of our own.

use super::*;
use crate::address::AddressKind;
use crate::tls::client_config;

fn target(url: &str) -> Result<Target, EgressError> {
    Target::of(&url.parse::<Uri>().unwrap())
}

#[test]
fn urls_lead_where_they_say() {
    for (url, host, port, tls) in [
        ("https://Partner.Example/x", "partner.example", 443, true),
        ("http://partner.example/x", "partner.example", 80, false),
        ("https://partner.example:8443", "partner.example", 8443, true),
        ("http://[::1]:8080/x", "::1", 8080, false),
        ("http://[::FFFF:7f00:1]/", "::ffff:7f00:1", 80, false),
        ("http://127.0.0.1:9/", "127.0.0.1", 9, false),
    ] {
        let expected = Target { host: host.to_owned(), port, tls };
        assert_eq!(target(url).unwrap(), expected, "{url}");
    }
}

#[test]
fn urls_that_hide_something_are_refused() {
    for url in
        ["/only/path", "ftp://a.example/", "https://user:pw@a.example/", "http://a.example:0/"]
    {
        assert!(matches!(target(url), Err(EgressError::BadUrl { .. })), "{url}");
    }
}

fn connector(policy: Policy, found: &[&str]) -> Connector {
    let found: Vec<IpAddr> = found.iter().map(|text| text.parse().unwrap()).collect();
    Connector {
        policy: Arc::new(policy),
        tls: client_config(None).unwrap(),
        resolver: Arc::new(move |_, port| {
            let found = found.iter().map(|address| SocketAddr::new(*address, port)).collect();
            Box::pin(std::future::ready(Ok(found)))
        }),
        timeout: Duration::from_secs(2),
    }
}

async fn refusal(connector: &Connector, url: &str) -> Option<Refusal> {
    match connector.judged_addresses(&target(url).unwrap()).await {
        Err(EgressError::Forbidden { reason, .. }) => Some(reason),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    }
}

#[tokio::test]
async fn one_closed_address_closes_the_host() {
    let private = Some(Refusal::Address(AddressKind::Private));
    let mixed = connector(Policy::default(), &["93.184.215.14", "10.0.0.1"]);
    assert_eq!(refusal(&mixed, "https://a.example/").await, private);
    let public = connector(Policy::default(), &["93.184.215.14", "2606:4700::1111"]);
    assert_eq!(refusal(&public, "https://a.example/").await, None);
}

#[tokio::test]
async fn literal_addresses_are_judged_without_the_resolver() {
    let connector = connector(Policy::default(), &["93.184.215.14"]);
    for url in ["https://169.254.169.254/", "https://[::ffff:169.254.169.254]/"] {
        let expected = Some(Refusal::Address(AddressKind::Metadata));
        assert_eq!(refusal(&connector, url).await, expected, "{url}");
    }
}

#[tokio::test]
async fn other_spellings_of_an_address_are_judged_as_what_they_resolve_to() {
    let connector = Connector { resolver: system_resolver(), ..connector(Policy::default(), &[]) };
    for url in ["https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://localhost/"] {
        let judged = connector.judged_addresses(&target(url).unwrap()).await;
        let closed =
            matches!(judged, Err(EgressError::Forbidden { .. } | EgressError::Resolve { .. }));
        assert!(closed, "{url}");
    }
}

#[tokio::test]
async fn too_many_addresses_are_refused() {
    let many: Vec<&str> = std::iter::repeat_n("1.1.1.1", ADDRESSES_PER_HOST_MAX + 1).collect();
    let connector = connector(Policy::default(), &many);
    assert_eq!(refusal(&connector, "https://a.example/").await, Some(Refusal::TooManyAddresses));
}

#[tokio::test]
async fn the_connection_goes_to_the_judged_address_though_the_name_says_otherwise() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connector = connector(Policy::sandbox(), &["127.0.0.1"]);
    let target = target(&format!("http://pinned.invalid:{port}/")).unwrap();
    let (opened, accepted) = tokio::join!(connector.open(&target), listener.accept());
    assert!(opened.is_ok());
    assert!(accepted.is_ok());
}

#[tokio::test]
async fn the_second_address_is_tried_when_the_first_refuses() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connector = connector(Policy::sandbox(), &["127.0.0.2", "127.0.0.1"]);
    let target = target(&format!("http://two.invalid:{port}/")).unwrap();
    assert!(connector.open(&target).await.is_ok());
}
