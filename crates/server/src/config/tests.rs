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
