//! The configuration file: what is good, and that every fault is told with its name.

use super::*;

const GOOD: &str = r#"
listen = "127.0.0.1:8080"
public_url = "https://pay.example.com/"
data = "/var/lib/causeway"
log = "json"
[master_key]
env = "CAUSEWAY_MASTER_KEY"
[metrics]
listen = "127.0.0.1:9090"
[egress]
allow_private = ["10.1.0.0/16"]
"#;

#[test]
fn a_good_file_is_read() {
    let config = Config::parse(GOOD).unwrap();
    assert_eq!(config.public_url, "https://pay.example.com");
    assert_eq!(config.data, Location::folder(Path::new("/var/lib/causeway")));
    assert_eq!(config.log, Some(LogForm::Json));
    assert_eq!(config.master_key, MasterKeySource::Variable("CAUSEWAY_MASTER_KEY".to_owned()));
    assert!(!config.egress.allow_plain_http && !config.egress.allow_loopback);
    assert_eq!(config.egress.allow_private.len(), 1);
    assert_eq!(config.zone.iana_name(), Some(ZONE_DEFAULT));
}

#[test]
fn all_faults_are_listed_each_with_its_name() {
    let faults = Config::parse(
        r#"
listen = "here"
public_url = 5
zone = "Moon/Base"
log = "xml"
crypto_threads = -1
colour = "red"
[master_key]
file = "a"
env = "b"
[egress]
allow_private = ["10.0.0.1/8", "x"]
allow_plain_http = "yes"
proxy = "http://x"
[metrics]
listen = "127.0.0.1"
"#,
    )
    .unwrap_err();
    let expected = [
        "listen: \"here\" is no address",
        "public_url: must be a text",
        "data: is missing",
        "zone: \"Moon/Base\"",
        "log: \"xml\"",
        "crypto_threads: must be a number",
        "colour: is not known here",
        "master_key: give file or env",
        "egress.allow_private: \"10.0.0.1/8\"",
        "egress.allow_private: \"x\"",
        "egress.allow_plain_http: must be true or false",
        "egress.proxy: is not known here",
        "metrics.listen: \"127.0.0.1\"",
    ];
    for words in expected {
        assert!(faults.iter().any(|fault| fault.starts_with(words)), "{words}: {faults:#?}");
    }
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    assert!(faults.iter().all(|fault| !fault.contains('\n')));
}

#[test]
fn a_damaged_file_names_the_line() {
    let faults = Config::parse("listen = \"127.0.0.1:1\"\npublic_url = \n").unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("line 2: "), "{faults:?}");
}

#[test]
fn an_empty_file_says_what_is_needed() {
    let faults = Config::parse("").unwrap_err();
    for name in ["listen", "public_url", "data", "master_key"] {
        assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name}: {faults:?}");
    }
}

#[test]
fn a_postgres_url_is_taken_and_its_password_never_repeated() {
    let with = |url: &str| {
        let line = format!("database_url = \"{url}\"");
        Config::parse(&GOOD.replace("data = \"/var/lib/causeway\"", &line))
    };
    let config = with("postgres://u:pw@h/d").unwrap();
    assert_eq!(config.data.to_string(), "h:5432/d");
    let faults = with("postgres://u:pw@h/d?sslmode=perhaps").unwrap_err();
    assert!(faults[0].contains("sslmode") && !faults[0].contains("pw@"), "{faults:?}");
}

#[test]
fn terminals_are_as_documented_unless_told_otherwise() {
    let usual = Config::parse(GOOD).unwrap().terminals.settings;
    assert_eq!((usual.hold.as_secs(), usual.pay_life.as_secs()), (35, 45));
    assert_eq!((usual.present_life.as_secs(), usual.refund_months_max), (240, Some(3)));
    let told = format!(
        "{GOOD}{}",
        r#"
[terminals]
zone = "Asia/Tokyo"
hold_seconds = 10
refund_months = 0
strict = true
callback_form = "md5"
barcodes = ["18:80-81:18-20"]
[[wallets]]
url = "https://wallets.example.com"
payways = ["1", "18"]
secret_file = "/etc/causeway/wallet.secret"
[admin]
email = "operator@example.com"
password_file = "/etc/causeway/admin.password"
"#
    );
    let told = Config::parse(&told).unwrap().terminals;
    assert_eq!(told.settings.hold.as_secs(), 10);
    assert_eq!(told.settings.refund_months_max, None);
    assert!(told.settings.strict && told.admin.is_some());
    assert_eq!(told.settings.wallet_of("812345678901234567").map(|it| it.0), Some(18));
    assert_eq!(told.settings.wallet_of("130818341921441147"), None);
    assert_eq!(told.wallets.len(), 1);
}

#[test]
fn faults_of_terminals_are_named() {
    let text = format!(
        "{GOOD}{}",
        r#"
[terminals]
zone = "Moon/Base"
hold_seconds = 600
callback_form = "rot13"
barcodes = ["3:10"]
colour = "red"
[[wallets]]
payways = []
[admin]
email = "operator@example.com"
"#
    );
    let faults = Config::parse(&text).unwrap_err();
    for name in [
        "terminals.zone",
        "terminals.hold_seconds",
        "terminals.callback_form",
        "terminals.barcodes",
        "terminals.colour",
        "wallets.url",
        "wallets.secret_file",
        "wallets.payways",
        "admin: give email and password_file",
    ] {
        assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name} in {faults:?}");
    }
}

#[test]
fn two_listeners_cannot_share_an_address() {
    for (public, metrics, taken) in [
        ("127.0.0.1:80", "127.0.0.1:80", true),
        ("0.0.0.0:80", "127.0.0.1:80", true),
        ("127.0.0.1:80", "[::]:80", true),
        ("127.0.0.1:80", "127.0.0.2:80", false),
        ("127.0.0.1:80", "127.0.0.1:81", false),
        ("127.0.0.1:0", "127.0.0.1:0", false),
    ] {
        let text = format!(
            "listen = \"{public}\"\npublic_url = \"https://a.example\"\ndata = \"d\"\n\
             [master_key]\nenv = \"KEY\"\n[metrics]\nlisten = \"{metrics}\"\n"
        );
        let faults = Config::parse(&text).err().unwrap_or_default();
        let told = faults.iter().any(|fault| fault.starts_with("metrics.listen: "));
        assert_eq!((told, faults.len()), (taken, usize::from(taken)), "{public} {metrics}");
    }
}

/// The server is no library, so that this stands here and not in `fuzz/`.
#[test]
fn no_change_of_a_good_file_makes_reading_panic() {
    const WORDS: [&str; 12] =
        ["", "\"", "[", "]]", "=", "true", "-1", "1e99", "[egress]\n", "\0", "\\u0000", "é.é = 0"];
    let mut refused = 0;
    for at in 0..GOOD.len() {
        for (word, taken) in WORDS.into_iter().flat_map(|word| [(word, 0), (word, 9)]) {
            let behind = GOOD.get(at + taken..).unwrap_or_default();
            let changed = format!("{}{word}{behind}", &GOOD[..at]);
            if let Err(faults) = Config::parse(&changed) {
                let told = |fault: &String| !fault.is_empty() && !fault.contains('\0');
                assert!(!faults.is_empty() && faults.iter().all(told), "{changed}: {faults:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}
