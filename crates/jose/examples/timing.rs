//! Whether the time of an RSA1_5 decryption tells good padding from bad.
//!
//! Goal: a statistical test in the manner of dudect. Two classes of ciphertexts, chosen at
//! random for each measurement, go through [`jose::jwe::decrypt`]; Welch's t-test compares
//! the times. |t| above 4.5 means that a difference was found; below it, that this many
//! measurements found none.
//!
//! The comparison that matters is between two kinds of wrong message that an attacker may
//! send: well padded with an unknown key, and badly padded. Both must end in the same error
//! after the same work. As a control, that the method can find anything at all, the last
//! line compares bad padding with a message that is refused before any decryption.
//!
//! Usage: `cargo run --release -p causeway-jose --example timing [measurements]`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::cert::Identity;
use jose::jwe::{Profile, decrypt, encrypt};

type Failed = Box<dyn std::error::Error>;

/// Ciphertexts a class draws from, so that no single one stands out.
const MESSAGES_PER_CLASS: usize = 64;

/// Above this the classes differ (dudect's threshold).
const T_LIMIT: f64 = 4.5;

/// Times past this share of the sorted ones are dropped: interrupts and other programs of
/// the machine, not the code.
const KEPT_PERCENT: usize = 60;

/// An encoded message of the given length; `spoil` changes it before encryption.
fn encoded(length: usize, spoil: impl Fn(&mut [u8])) -> Result<Vec<u8>, Failed> {
    let mut message = vec![0_u8; length];
    aws_lc_rs::rand::fill(&mut message)?;
    for byte in &mut message {
        *byte |= 1;
    }
    message[0] = 0;
    message[1] = 2;
    message[length - 33] = 0;
    spoil(&mut message);
    Ok(message)
}

/// A compact JWE whose encrypted key hides exactly this encoded message.
fn around(identity: &Identity, message: &[u8]) -> Result<String, Failed> {
    let spki = x509_parser::pem::parse_x509_pem(identity.cert().pem().as_bytes())?.1;
    let certificate = spki.parse_x509()?;
    let public = certificate.public_key().subject_public_key.data.to_vec();
    let raw = rsa_raw::PublicKey::from_pkcs1_der(&public)?.encrypt_raw(message)?;
    let good = encrypt(&[7; 64], identity.cert(), Profile::Rsa15A128CbcHs256)?;
    let parts: Vec<&str> = good.split('.').collect();
    let key = URL_SAFE_NO_PAD.encode(raw);
    Ok([parts[0], &key, parts[2], parts[3], parts[4]].join("."))
}

fn class(identity: &Identity, spoil: impl Fn(&mut [u8]) + Copy) -> Result<Vec<String>, Failed> {
    (0..MESSAGES_PER_CLASS).map(|_| around(identity, &encoded(256, spoil)?)).collect()
}

/// Runs both classes in random order and returns Welch's t over the kept times.
#[expect(clippy::disallowed_methods, reason = "time itself is what is measured")]
fn compare(
    identity: &Arc<Identity>,
    classes: [&[String]; 2],
    measurements: usize,
) -> Result<f64, Failed> {
    let mut coins = vec![0_u8; measurements];
    aws_lc_rs::rand::fill(&mut coins)?;
    let mut times = [Vec::new(), Vec::new()];
    for (round, coin) in coins.into_iter().enumerate() {
        let class = usize::from(coin & 1);
        let message = &classes[class][round % classes[class].len()];
        let begin = Instant::now();
        let result = decrypt(message, |_| Some(Arc::clone(identity)), &Profile::ALL);
        times[class].push(begin.elapsed().as_secs_f64() * 1e9);
        assert!(black_box(result).is_err());
    }
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() * KEPT_PERCENT / 100 - 1];
    let [first, second] = times.map(|times| moments(times.into_iter().filter(|t| *t <= limit)));
    let t = (first.mean - second.mean) / (first.error + second.error).sqrt();
    println!(
        "  mean {:.1} us and {:.1} us, difference {:+.0} ns, |t| = {:.2}",
        first.mean / 1e3,
        second.mean / 1e3,
        first.mean - second.mean,
        t.abs()
    );
    Ok(t.abs())
}

struct Moments {
    mean: f64,
    /// Variance over count: the squared error of the mean.
    error: f64,
}

fn moments(times: impl Iterator<Item = f64>) -> Moments {
    // Welford's running mean and sum of squares.
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for time in times {
        count += 1.0;
        let distance = time - mean;
        mean += distance / count;
        squares += distance * (time - mean);
    }
    Moments { mean, error: squares / (count - 1.0) / count }
}

fn main() -> Result<(), Failed> {
    let measurements = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let now = jiff::Timestamp::from_second(1_700_000_000)?;
    let identity = Arc::new(Identity::generate("timing", 1, now, 1)?);
    let good = class(&identity, |_| {})?;
    let wrong_type = class(&identity, |message| message[1] = 1)?;
    let no_separator = class(&identity, |message| message[223] = 1)?;
    let early_separator = class(&identity, |message| message[2] = 0)?;
    let late_separator = class(&identity, |message| message[240] = 0)?;
    let pairs = [
        ("good padding, wrong block type", &wrong_type),
        ("good padding, no separator", &no_separator),
        ("good padding, separator too early", &early_separator),
        ("good padding, second zero inside the key", &late_separator),
    ];
    println!("{measurements} measurements a pair; a difference is found from |t| = {T_LIMIT}");
    let mut worst = 0.0_f64;
    for (name, other) in pairs {
        println!("{name}:");
        worst = worst.max(compare(&identity, [&good, other], measurements)?);
    }
    println!("control, refused before decryption (must differ):");
    let refused = vec!["a.b.c.d.e".to_owned()];
    let control = compare(&identity, [&good, &refused], measurements / 10)?;
    if worst < T_LIMIT && control > T_LIMIT {
        println!("no difference found");
        Ok(())
    } else {
        Err(format!("worst |t| {worst:.2}, control {control:.2}").into())
    }
}
