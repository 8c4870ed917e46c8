//! The client against real listeners that behave well, badly and maliciously.
#![expect(clippy::unwrap_used, reason = "a helper of a test that cannot go on may panic")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use causeway_egress::limits::REQUEST_BYTES_MAX;
use causeway_egress::{
    AddressKind, Client, EgressError, Limits, Phase, Policy, Refusal, Request, Response,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A timeout no healthy exchange on this machine comes near.
const LONG: Duration = Duration::from_secs(30);
/// The timeout of tests in which nothing will ever come.
const SHORT: Duration = Duration::from_millis(150);

fn client() -> Client {
    client_with(Limits { total: LONG, ..Limits::default() })
}

fn client_with(limits: Limits) -> Client {
    Client::new(Policy::sandbox(), limits, None).unwrap()
}

/// What a scripted peer does with one connection, given its running number from 0.
type Script = fn(TcpStream, usize) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A listener that runs the script for every connection and counts them.
async fn peer(script: Script) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let number = counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(script(socket, number));
        }
    });
    (address, count)
}

/// Reads one request with its body; `None` when the connection ended before it.
async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = socket.read(&mut part).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let expected = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
                })
                .unwrap_or(0usize);
            if body.len() >= expected {
                return Some(text);
            }
        }
    }
}

async fn write(socket: &mut TcpStream, text: &str) {
    // The other side may have given up, which is what some of the tests are about.
    let _ = socket.write_all(text.as_bytes()).await;
}

async fn get(client: &Client, address: SocketAddr) -> Result<Response, EgressError> {
    client.send(Request::get(format!("http://{address}/path?q=1"))).await
}

/// Answers every request of a connection with `answer`.
async fn answer_all(mut socket: TcpStream, answer: &str) {
    while read_request(&mut socket).await.is_some() {
        write(&mut socket, answer).await;
    }
}

#[tokio::test]
async fn request_and_answer_travel_whole() {
    let (address, _) = peer(|mut socket, _| {
        Box::pin(async move {
            let request = read_request(&mut socket).await.unwrap();
            let body = format!("got:{request}");
            let head = format!(
                "HTTP/1.1 202 Fine\r\nUPI-JWS: a..b\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            write(&mut socket, &(head + &body)).await;
        })
    })
    .await;
    let request = Request::post(format!("http://{address}/in?a=b"), "{\"a\":1}")
        .header("Content-Type", "application/json")
        .header("UPI-JWS", "x..y");
    let answer = client().send(request).await.unwrap();
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("upi-jws"), Some("a..b"));
    let seen = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(seen.starts_with("got:POST /in?a=b HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\nupi-jws: x..y\r\n"), "{seen}");
    assert!(seen.contains(&format!("\r\nhost: {address}\r\n")), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"a\":1}"), "{seen}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (address, count) = peer(|socket, _| {
        Box::pin(answer_all(
            socket,
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        ))
    })
    .await;
    let answer = get(&client(), address).await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, Some("/elsewhere")));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn connections_are_reused() {
    let (address, count) = peer(|socket, _| {
        Box::pin(answer_all(socket, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"))
    })
    .await;
    let client = client();
    for _ in 0..20 {
        assert_eq!(get(&client, address).await.unwrap().body, "ok");
        // The connection goes back to the pool in a task of its own.
        tokio::task::yield_now().await;
    }
    assert!(count.load(Ordering::SeqCst) < 20, "never reused");
}

#[tokio::test]
async fn a_silent_peer_ends_at_the_deadline_and_may_have_seen_the_request() {
    let (address, _) = peer(|mut socket, _| {
        Box::pin(async move {
            read_request(&mut socket).await;
            std::future::pending::<()>().await;
        })
    })
    .await;
    let request = Request::get(format!("http://{address}/")).timeout(SHORT);
    let error = client().send(request).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { phase: Phase::Exchanging, .. }), "{error:?}");
    assert!(error.maybe_sent());
}

#[tokio::test]
async fn a_dripping_answer_ends_at_the_deadline() {
    // Each part comes well before any per-read limit: only a limit on the whole ends this.
    let (address, _) = peer(|mut socket, _| {
        Box::pin(async move {
            read_request(&mut socket).await;
            write(&mut socket, "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
            let mut tick = tokio::time::interval(Duration::from_millis(10));
            loop {
                tick.tick().await;
                write(&mut socket, "x").await;
            }
        })
    })
    .await;
    let request = Request::get(format!("http://{address}/")).timeout(SHORT);
    let error = client().send(request).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { phase: Phase::Exchanging, .. }), "{error:?}");
}

#[tokio::test]
async fn answers_over_the_bound_are_refused_declared_or_not() {
    let small = client_with(Limits { response_bytes_max: 8, total: LONG, ..Limits::default() });
    let (declared, _) = peer(|socket, _| {
        Box::pin(answer_all(socket, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789"))
    })
    .await;
    let (chunked, _) = peer(|socket, _| {
        Box::pin(answer_all(
            socket,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
             5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n",
        ))
    })
    .await;
    let (fitting, _) = peer(|socket, _| {
        Box::pin(answer_all(socket, "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n12345678"))
    })
    .await;
    for address in [declared, chunked] {
        let error = get(&small, address).await.unwrap_err();
        assert!(matches!(error, EgressError::TooLarge { .. }), "{error:?}");
        assert!(error.maybe_sent());
    }
    assert_eq!(get(&small, fitting).await.unwrap().body, "12345678");
}

#[tokio::test]
async fn an_endless_head_is_refused() {
    let (address, _) = peer(|mut socket, _| {
        Box::pin(async move {
            read_request(&mut socket).await;
            write(&mut socket, "HTTP/1.1 200 OK\r\nx: ").await;
            for _ in 0..100 {
                write(&mut socket, &"y".repeat(4096)).await;
            }
            std::future::pending::<()>().await;
        })
    })
    .await;
    let error = get(&client(), address).await.unwrap_err();
    assert!(matches!(error, EgressError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn garbage_and_broken_answers_are_protocol_errors() {
    let scripts: [(&str, Script); 3] = [
        ("garbage", |socket, _| Box::pin(answer_all(socket, "I am no HTTP server\r\n\r\n"))),
        ("closed without answer", |mut socket, _| {
            Box::pin(async move {
                read_request(&mut socket).await;
            })
        }),
        ("cut short", |mut socket, _| {
            Box::pin(async move {
                read_request(&mut socket).await;
                write(&mut socket, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123").await;
            })
        }),
    ];
    for (name, script) in scripts {
        let (address, _) = peer(script).await;
        let error = get(&client(), address).await.unwrap_err();
        assert!(matches!(error, EgressError::Protocol { .. }), "{name}: {error:?}");
        assert!(error.maybe_sent(), "{name}");
    }
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = get(&client(), address).await.unwrap_err();
    assert!(matches!(error, EgressError::Connect { .. }), "{error:?}");
    assert!(!error.maybe_sent());
}

#[tokio::test]
async fn a_kept_connection_that_the_peer_closed_does_not_lose_the_next_request() {
    // One answer a connection, then the peer closes without having announced it.
    let (address, _) = peer(|mut socket, _| {
        Box::pin(async move {
            read_request(&mut socket).await;
            write(&mut socket, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        })
    })
    .await;
    let client = client();
    for _ in 0..50 {
        // Either the closing was seen in time and a new connection taken, or it is an error that
        // does not claim the request stayed here although it may have been written.
        match get(&client, address).await {
            Ok(answer) => assert_eq!(answer.body, "ok"),
            Err(error) => assert!(
                error.maybe_sent() || matches!(error, EgressError::NotStarted { .. }),
                "{error:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_slow_host_holds_up_itself_only() {
    let (slow, slow_count) = peer(|mut socket, _| {
        Box::pin(async move {
            read_request(&mut socket).await;
            std::future::pending::<()>().await;
        })
    })
    .await;
    let (quick, _) = peer(|socket, _| {
        Box::pin(answer_all(socket, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"))
    })
    .await;
    let limits = Limits {
        connections_per_host_max: 2,
        connections_max: 3,
        total: LONG,
        ..Limits::default()
    };
    let client = client_with(limits);
    let held: Vec<_> = (0..2)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client, slow).await })
        })
        .collect();
    while slow_count.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    let queued = client.send(Request::get(format!("http://{slow}/")).timeout(SHORT)).await;
    let error = queued.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { phase: Phase::Queued, .. }), "{error:?}");
    assert!(!error.maybe_sent());
    assert_eq!(get(&client, quick).await.unwrap().body, "ok");
    for task in held {
        task.abort();
    }
}

#[tokio::test]
async fn the_default_policy_refuses_before_any_connection() {
    let (address, count) = peer(|socket, _| Box::pin(answer_all(socket, ""))).await;
    let port = address.port();
    let client = Client::new(Policy::default(), Limits::default(), None).unwrap();
    let loopback = Refusal::Address(AddressKind::Loopback);
    for (url, refusal) in [
        (format!("http://127.0.0.1:{port}/"), Refusal::PlainHttp),
        (format!("https://127.0.0.1:{port}/"), loopback),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), loopback),
        (format!("https://localhost:{port}/"), loopback),
        ("https://169.254.169.254/latest".to_owned(), Refusal::Address(AddressKind::Metadata)),
    ] {
        let error = client.send(Request::get(url.clone())).await.unwrap_err();
        let EgressError::Forbidden { reason, .. } = error else { panic!("{url}: {error:?}") };
        assert_eq!(reason, refusal, "{url}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn malformed_requests_never_leave() {
    let client = client();
    let requests = [
        Request::get("not a url"),
        Request::get("/relative"),
        Request::get("ftp://a.example/"),
        Request::get("https://user@a.example/"),
        Request::get(format!("https://a.example/{}", "x".repeat(5000))),
        Request::get("http://127.0.0.1:9/").header("Host", "other.example"),
        Request::get("http://127.0.0.1:9/").header("Transfer-Encoding", "chunked"),
        Request::get("http://127.0.0.1:9/").header("x", "a\r\nb: c"),
        Request::get("http://127.0.0.1:9/").header("x y", "a"),
        Request::post("http://127.0.0.1:9/", vec![0u8; REQUEST_BYTES_MAX + 1]),
    ];
    for request in requests {
        let shown = format!("{request:?}");
        let error = client.send(request).await.unwrap_err();
        let refused = matches!(error, EgressError::BadUrl { .. } | EgressError::BadRequest { .. });
        assert!(refused, "{shown}: {error:?}");
        assert!(!error.maybe_sent());
    }
}

/// Serves one TLS connection after the other with a fresh self-signed certificate.
async fn tls_peer() -> (SocketAddr, String) {
    use tokio_rustls::rustls;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(socket).await else { continue };
            let mut part = [0; 4096];
            if tls.read(&mut part).await.is_ok_and(|count| count > 0) {
                let answer =
                    b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\ntls";
                let _ = tls.write_all(answer).await;
                let _ = tls.shutdown().await;
            }
        }
    });
    (address, made.cert.pem())
}

#[tokio::test]
async fn tls_needs_a_trusted_certificate_for_the_very_host() {
    let (address, pem) = tls_peer().await;
    let limits = || Limits { total: LONG, connect: LONG, ..Limits::default() };
    let port = address.port();
    let stranger = Client::new(Policy::sandbox(), limits(), None).unwrap();
    let trusting = Client::new(Policy::sandbox(), limits(), Some(&pem)).unwrap();
    let named = Request::get(format!("https://localhost:{port}/"));
    let error = stranger.send(named.clone()).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");
    assert!(!error.maybe_sent());
    let by_address = Request::get(format!("https://127.0.0.1:{port}/"));
    let error = trusting.send(by_address).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");
    assert_eq!(trusting.send(named).await.unwrap().body, "tls");
}

#[tokio::test]
async fn a_plain_peer_is_no_tls_peer_and_sees_nothing_of_the_request() {
    let (address, _) =
        peer(|socket, _| Box::pin(answer_all(socket, "HTTP/1.1 400 Bad\r\n\r\n"))).await;
    let request = Request::get(format!("https://127.0.0.1:{}/", address.port())).timeout(SHORT);
    let error = client().send(request).await.unwrap_err();
    assert!(!error.maybe_sent(), "{error:?}");
}

#[test]
fn authorities_must_be_certificates() {
    for pem in
        ["", "no pem at all", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        let made = Client::new(Policy::default(), Limits::default(), Some(pem));
        assert!(matches!(made, Err(EgressError::BadAuthorities { .. })), "{pem}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let request =
        Request::post("https://a.example/p?code=secret1", "secret2").header("k", "secret3");
    let shown = format!("{request:?}");
    assert!(!shown.contains("secret"), "{shown}");
}
