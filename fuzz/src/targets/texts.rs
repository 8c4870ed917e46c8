//! Small texts: amounts, currencies, times, ranges of addresses, URLs that are called.
//!
//! Rules: nothing panics; what is written of a value is read as the same; the calendar agrees with
//! another one's; and no URL leads the only client to an address that an independent table of the
//! closed ranges has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use app::testing::terminal_settings;
use dialect::time::{default_zone, parse_stamp, stamp};
use egress::{Bytes, Cidr, Client, Limits, Method, Policy, Request};
use jiff::civil::DateTime;
use jose::jws::Network;
use money::{Amount, Currency, split};
use wire::form::Form;
use wire::ucsp::rows;
use wire::{Class, check_text};

use crate::input::Input;
use crate::vectors;

/// First byte: which text.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 8 {
        0 => amount(&mut input),
        1 => parts(&mut input),
        2 => time(&input.rest_text()),
        3 => forms(&input.rest_text()),
        4 => ranges(&mut input),
        5 => judged(&mut input),
        6 => called(&input.rest_text()),
        _ => database(&input.rest_text()),
    }
}

fn currency(input: &mut Input<'_>) -> Currency {
    let all: Vec<Currency> = Currency::all().collect();
    input.pick(&all)
}

fn amount(input: &mut Input<'_>) {
    let currency = currency(input);
    let text = input.rest_text();
    for found in [Currency::from_numeric(&text), Currency::from_alpha(&text)].into_iter().flatten()
    {
        assert_eq!(Currency::from_numeric(found.numeric()), Ok(found));
        assert_eq!(Currency::from_alpha(found.alpha()), Ok(found));
    }
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match Amount::parse_minor(&text, currency) {
        Ok(amount) => {
            assert!(digits);
            assert_eq!(Some(amount.minor()), text.parse().ok());
            let shown = amount.to_decimal();
            let plain: String = shown.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(plain.parse().ok(), Some(amount.minor()), "{shown}");
            let fraction = shown.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            assert_eq!(fraction, usize::from(currency.minor_digits()));
        }
        Err(_) => assert!(!digits),
    }
}

fn parts(input: &mut Input<'_>) {
    let currency = currency(input);
    let whole = Amount::new(input.long() % 1_000_000_000_000, currency).expect("twelve digits");
    let weight = |input: &mut Input<'_>| u32::from(input.short()) << (input.byte() % 17);
    let weights: Vec<u32> = (0..input.below(8)).map(|_| weight(input)).collect();
    let Ok(parts) = split(whole, &weights) else { return };
    assert_eq!(parts.len(), weights.len());
    let sum: u64 = parts.iter().map(|part| part.minor()).sum();
    assert!(parts.is_empty() || sum == whole.minor(), "{sum} of {whole}");
    let other = Amount::new(input.long() % 1_000_000_000_000, currency).expect("twelve digits");
    if let Ok(both) = whole.checked_add(other) {
        assert_eq!(both.checked_sub(other), Ok(whole));
    }
    assert_eq!(whole.covers(other), Ok(whole.checked_sub(other).is_ok()));
}

fn time(text: &str) {
    if let Some(at) = parse_stamp(text, &default_zone()) {
        // Clocks of that zone were set back, so that a time there can stand for two instants.
        let again = parse_stamp(&stamp(at, &default_zone()), &default_zone());
        assert_eq!(again, Some(at), "{text}");
    }
    for at in text.parse::<i64>().iter().map(|second| vectors::at(*second)) {
        assert_eq!(stamp(at, &default_zone()).len(), 14);
        let settings = terminal_settings();
        assert!(settings.paid_since(at) <= settings.day(at));
    }
    let settings = terminal_settings();
    if settings.wallet_of(text).is_some() {
        assert!(text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_digit()));
    }
}

/// Every class and form; the date forms against another calendar.
fn forms(text: &str) {
    for class in [Class::N, Class::A, Class::An, Class::Ns, Class::Ans, Class::S] {
        let all = text.chars().all(|letter| class.admits(letter));
        assert_eq!(class.admits_all(text), all, "{class}");
    }
    let is_time = Form::DateTime.check(text).is_ok();
    let plain = text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit());
    let other = plain.then(|| DateTime::strptime("%Y%m%d%H%M%S", text).ok()).flatten();
    let other = other.filter(|_| !text.starts_with("0000") && !text.ends_with("60"));
    assert_eq!(is_time, other.is_some(), "{text}");
    for form in [
        Form::Free,
        Form::MessageId,
        Form::Date,
        Form::YearMonth,
        Form::MonthDay,
        Form::MonthDayTime,
        Form::AboveZero,
        Form::Url,
        Form::IpAddress,
        Form::MaskedPan,
        Form::Certificate,
    ] {
        let _ = form.check(text);
    }
    for row in [rows::TXN_TIME, rows::TXN_AMT, rows::MASKED_PAN, rows::BACK_URL, rows::SETTLE_DATE]
    {
        if check_text(&row, text).is_ok() {
            let count = text.chars().count();
            assert!((row.length.min..=row.length.max).contains(&count), "{text}");
        }
    }
}

fn address(input: &mut Input<'_>) -> IpAddr {
    if input.flag() {
        IpAddr::V4(Ipv4Addr::from((u32::from(input.short()) << 16) | u32::from(input.short())))
    } else {
        let high = u128::from(input.long());
        IpAddr::V6(Ipv6Addr::from((high << 64) | u128::from(input.long())))
    }
}

/// The two readers of ranges: of callers, and of what may be called.
fn ranges(input: &mut Input<'_>) {
    let address = address(input);
    let text = input.rest_text();
    if let Ok(network) = text.parse::<Network>() {
        assert_eq!(network.contains(address), inside(&text, address.to_canonical()), "{text}");
    }
    let Ok(range) = text.parse::<Cidr>() else { return };
    assert!(text.parse::<Network>().is_ok(), "{text}");
    if address.is_ipv4() {
        assert_eq!(range.contains(address), inside(&text, address), "{text} and {address}");
    }
}

/// Bit by bit whether an address lies in a range that was read.
fn inside(text: &str, address: IpAddr) -> bool {
    let (base, prefix) =
        text.split_once('/').map_or((text, None), |(base, rest)| (base, Some(rest)));
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let bits = |address: IpAddr| -> Vec<bool> {
        let octets = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        octets.iter().flat_map(|octet| (0..8).map(move |at| octet & (0x80 >> at) != 0)).collect()
    };
    let (own, other) = (bits(base.to_canonical()), bits(address));
    let count = prefix.and_then(|digits| digits.parse().ok()).unwrap_or(own.len());
    own.len() == other.len() && own.iter().zip(&other).take(count).all(|(one, two)| one == two)
}

/// The default policy against an independent table.
fn judged(input: &mut Input<'_>) {
    let address = address(input);
    let open = Policy::default().judge(address).is_ok();
    assert!(!open || is_open(address), "{address} may not be called");
}

/// Whether an address is certainly one of the open internet: the ranges of RFC 6890 and its
/// successors as numbers, and what the standard library knows.
fn is_open(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            const CLOSED: [(u32, u32); 17] = [
                (0x0000_0000, 8),
                (0x0a00_0000, 8),
                (0x6440_0000, 10),
                (0x7f00_0000, 8),
                (0xa9fe_0000, 16),
                (0xac10_0000, 12),
                (0xc000_0000, 24),
                (0xc000_0200, 24),
                (0xc058_6300, 24),
                (0xc0a8_0000, 16),
                (0xc612_0000, 15),
                (0xc633_6400, 24),
                (0xcb00_7100, 24),
                (0xe000_0000, 4),
                (0xf000_0000, 4),
                (0xffff_ffff, 32),
                (0xc000_00c0, 32),
            ];
            let within = |(base, bits): &(u32, u32)| (v4.to_bits() ^ base) >> (32 - bits) == 0;
            let special = v4.is_private() || v4.is_loopback() || v4.is_link_local();
            !special && !v4.is_multicast() && !CLOSED.iter().any(within)
        }
        IpAddr::V6(v6) => {
            let special = v6.is_loopback() || v6.is_unspecified() || v6.is_multicast();
            let local = v6.is_unique_local() || v6.is_unicast_link_local();
            let number = v6.to_bits();
            // 6to4, NAT64 and the older forms carry an address of IPv4 inside.
            let carried = match v6.segments() {
                [0x2002, high, low, ..]
                | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
                | [0, 0, 0, 0, 0 | 0xffff, 0, high, low] => {
                    Some((u32::from(high) << 16) | u32::from(low))
                }
                _ => None,
            };
            let inner = carried.is_none_or(|bits| is_open(IpAddr::V4(Ipv4Addr::from_bits(bits))));
            let global = number >> 125 == 1 || carried.is_some();
            !special && !local && inner && global && number >> 96 != 0x2001_0db8
        }
    }
}

/// Where the client would connect, without connecting.
fn called(url: &str) {
    static CLIENT: OnceLock<[Client; 2]> = OnceLock::new();
    let [strict, sandbox] = CLIENT.get_or_init(|| {
        [Policy::default(), Policy::sandbox()]
            .map(|policy| Client::new(policy, Limits::default(), None).expect("a client"))
    });
    let request = || Request {
        method: Method::POST,
        url: url.to_owned(),
        headers: vec![("x-test".to_owned(), url.to_owned())],
        body: Bytes::new(),
        timeout: None,
    };
    for (client, own) in [(strict, false), (sandbox, true)] {
        let Ok((host, port, tls)) = client.would_call(request()) else { continue };
        assert!(port != 0 && !host.is_empty() && (tls || own), "{url}");
        assert_eq!(
            tls,
            url.get(..8).is_some_and(|at| at.eq_ignore_ascii_case("https://")),
            "{url}"
        );
        assert!(!host.contains(['@', '/', '?', '#', '\\', ' ']), "{host} of {url}");
        let rest = &url[url.find("://").map_or(0, |at| at + 3)..];
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        assert!(!authority.contains('@'), "{url}");
        let lower = authority.to_ascii_lowercase();
        assert!(lower.trim_start_matches('[').starts_with(&host), "{host} of {url}");
        if let Ok(address) = host.parse::<IpAddr>() {
            let loopback = own && address.to_canonical().is_loopback();
            let compatible = own && matches!(address, IpAddr::V6(_));
            assert!(loopback || compatible || is_open(address), "{url} leads to {address}");
        }
    }
}

/// The database's URL: what is told of it has no password.
fn database(url: &str) {
    // A file that is named there would be read.
    if url.contains("sslrootcert") {
        return;
    }
    let told = match store::postgres::shown(url) {
        Ok(place) => place,
        Err(error) => error.to_string(),
    };
    assert!(!told.contains(char::is_control), "{told:?}");
    let secret = url.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
    let secret = secret.and_then(|(user, _)| user.split_once(':')).map(|(_, secret)| secret);
    let once = |secret: &&str| secret.len() > 12 && url.matches(secret).count() == 1;
    if let Some(secret) = secret.filter(once) {
        assert!(!told.contains(secret), "{told}");
    }
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let texts: [(&str, u8, &str); 35] = [
        ("amount", 0, "\x032500"),
        ("amount_long", 0, "\x05999999999999"),
        ("alpha", 0, "\x00HKD"),
        ("numeric", 0, "\x00344"),
        ("split", 1, "\x01\0\0\0\0\0\0\x09\x08\x03\0\x01\0\0\x01\0\0\x01\0"),
        ("stamp", 2, "20260105103000"),
        ("stamp_of_a_set_clock", 2, "19910915003000"),
        ("second", 2, "1767580200"),
        ("barcode", 2, "130818341921440000"),
        ("date_time", 3, "20240229235959"),
        ("date_time_wrong", 3, "20230229235959"),
        ("message_id", 3, "A1000000120260105103000482913"),
        ("pan", 3, "6233********0060"),
        ("url", 3, "https://a.example/x?y=1"),
        ("override", 3, "a\u{202e}b"),
        ("range_4", 4, "\x01\x0a\x01\x02\x0310.1.0.0/16"),
        ("range_6", 4, "\0\x20\x01\x0d\x20\0\0\0\0\0\0\0\0\0\0\0\x012001:d20::/32"),
        ("mapped", 4, "\x01\x0a\x01\x02\x03::ffff:10.1.0.0/112"),
        ("judged_4", 5, "\x01\x7f\0\0\x01"),
        ("judged_6to4", 5, "\0\x20\x02\x7f\0\0\x01\0\0"),
        ("called", 6, "https://partner.example:8443/x"),
        ("called_6", 6, "https://[2606:4700::1111]/"),
        ("called_loopback", 6, "http://127.0.0.1:9/"),
        ("called_mapped", 6, "https://[::ffff:7f00:1]/"),
        ("called_number", 6, "https://2130706433/"),
        ("called_octal", 6, "https://0177.0.0.1/"),
        ("called_user", 6, "https://user:pw@a.example/"),
        ("called_backslash", 6, "https://a.example\\@b.example/"),
        ("called_case", 6, "HTTPS://Partner.Example"),
        ("database", 7, "postgres://u:a-long-password@db1:5433,db2/pay?sslmode=disable"),
        ("database_bad_port", 7, "postgres://u:a-long-password@h:port/db"),
        ("database_bad_mode", 7, "postgres://u:a-long-password@h/db?sslmode=prefer"),
        ("database_other_scheme", 7, "postgre://u:a-long-password@h/db?sslmode=require"),
        ("database_question", 7, "postgres://u:a?long-password@h/db"),
        ("database_keys", 7, "host=a password=a-long-password dbname=b"),
    ];
    let seed = |(name, kind, text): (&str, u8, &str)| {
        (name.to_owned(), [&[kind], text.as_bytes()].concat())
    };
    texts.into_iter().map(seed).collect()
}
