//! Arguments of the offline tools for integrators.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Whose keys are used: a sandbox's, or files of your own.
#[derive(Debug, Args)]
pub(crate) struct CredentialArgs {
    /// A sandbox's sandbox.json: all keys of its partners.
    #[arg(long, value_name = "FILE", requires = "party")]
    pub(crate) credentials: Option<PathBuf>,
    /// Who in it: channel, industry, platform, or a channelCode, industryCode or application id.
    #[arg(long = "as", value_name = "WHO", requires = "credentials")]
    pub(crate) party: Option<String>,
    /// A private key (PEM, PKCS#8 or PKCS#1).
    #[arg(long, value_name = "FILE", conflicts_with = "credentials")]
    pub(crate) key: Option<PathBuf>,
    /// The certificate of that key (PEM, DER or base64).
    #[arg(long, value_name = "FILE", conflicts_with = "credentials")]
    pub(crate) cert: Option<PathBuf>,
}

const SIGN_EXAMPLES: &str = "\
Examples:
  causeway sign body.json --credentials causeway-data/sandbox.json --as industry \\
      --path /ucsp/industry/v1/paymentresultinquiry
  causeway sign body.json --key my.key --cert my.crt --app-id 00520446 --path /ucsp/...
  causeway sign login.json --in-body --credentials causeway-data/sandbox.json --as industry

Then send exactly those bytes:
  curl --data-binary @body.json -H 'Content-Type: application/json' -H \"UPI-JWS: $(...)\" URL";

/// `causeway sign`.
#[derive(Debug, Args)]
#[command(after_help = SIGN_EXAMPLES)]
pub(crate) struct SignArgs {
    /// The body, byte for byte as it is sent; - or nothing reads standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Whose signature.
    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,
    /// UPI-APPID; with --credentials it is known.
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// Path of the called service, for UPI-REQPATH; leave it out for an answer.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Sign inside the body (certificateSignature) and print the whole message.
    #[arg(long, conflicts_with_all = ["path", "app_id"])]
    pub(crate) in_body: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  causeway verify body.json --header \"$UPI_JWS\" --path /ucsp/industry/v1/submitpaymentorder \\
      --credentials causeway-data/sandbox.json --as industry
  causeway verify answer.json --answer --header \"$UPI_JWS\" --cert platform.crt
  causeway verify body.json --header \"$UPI_JWS\" --path /ucsp/... --cert my.crt \\
      --at 2026-01-05T10:30:00Z
  causeway verify message.json --in-body --cert my.crt

It walks the gateway's checks in their order, names the first one that fails and its probable cause:
a clock that is off, a path with a host in it, the wrong certificate, a body that was re-serialised.
Status 1 when the signature is refused.";

/// `causeway verify`.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// The body, byte for byte as it was sent; - or nothing reads standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The value of the UPI-JWS header; @FILE reads it from a file.
    #[arg(long, value_name = "VALUE")]
    pub(crate) header: Option<String>,
    /// The path that was called.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// The message is an answer: it carries no path.
    #[arg(long, conflicts_with = "path")]
    pub(crate) answer: bool,
    /// The signature is inside the body (certificateSignature).
    #[arg(long, conflicts_with_all = ["header", "path", "answer"])]
    pub(crate) in_body: bool,
    /// A sandbox's sandbox.json: all keys of its partners.
    #[arg(long, value_name = "FILE", requires = "party")]
    pub(crate) credentials: Option<PathBuf>,
    /// Who signed: channel, industry, platform, or a channelCode, industryCode or application id.
    #[arg(long = "as", value_name = "WHO", requires = "credentials")]
    pub(crate) party: Option<String>,
    /// The signer's signing certificates (PEM, DER or base64); may be given more than once.
    #[arg(long, value_name = "FILE", conflicts_with = "credentials")]
    pub(crate) cert: Vec<PathBuf>,
    /// The signer's encryption certificate, to recognise that the wrong one was used.
    #[arg(long, value_name = "FILE", conflicts_with = "credentials")]
    pub(crate) encryption_cert: Option<PathBuf>,
    /// The signer's application id; without it the one in the header.
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// The time at which to judge (RFC 3339); without it now.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The encryption profile (security.md section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileArg {
    /// RSA1_5 with A128CBC-HS256: the published one.
    #[value(name = "rsa1_5")]
    Rsa15,
    /// RSA-OAEP-256 with A256GCM: opt-in per application.
    #[value(name = "rsa-oaep-256")]
    RsaOaep256,
}

const ENCRYPT_EXAMPLES: &str = "\
Examples:
  echo -n '{\"userId\":\"u-77\"}' | causeway encrypt --credentials causeway-data/sandbox.json \\
      --as platform
  causeway encrypt card.json --cert receiver.crt --profile rsa-oaep-256";

/// `causeway encrypt`.
#[derive(Debug, Args)]
#[command(after_help = ENCRYPT_EXAMPLES)]
pub(crate) struct EncryptArgs {
    /// The plaintext; - or nothing reads standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A sandbox's sandbox.json: all keys of its partners.
    #[arg(long, value_name = "FILE", requires = "party")]
    pub(crate) credentials: Option<PathBuf>,
    /// For whom: channel, industry, platform, or a channelCode, industryCode or application id.
    #[arg(long = "as", value_name = "WHO", requires = "credentials")]
    pub(crate) party: Option<String>,
    /// The receiver's encryption certificate (PEM, DER or base64).
    #[arg(long, value_name = "FILE", conflicts_with = "credentials")]
    pub(crate) cert: Option<PathBuf>,
    /// The encryption profile.
    #[arg(long, value_enum, default_value = "rsa1_5")]
    pub(crate) profile: ProfileArg,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const DECRYPT_EXAMPLES: &str = "\
Examples:
  causeway decrypt encdata.txt --credentials causeway-data/sandbox.json --as industry
  causeway decrypt encdata.txt --key my-encryption.key --cert my-encryption.crt";

/// `causeway decrypt`.
#[derive(Debug, Args)]
#[command(after_help = DECRYPT_EXAMPLES)]
pub(crate) struct DecryptArgs {
    /// The compact JWE; - or nothing reads standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Whose private key.
    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const SPEC_EXAMPLES: &str = "\
Examples:
  causeway spec                                    all messages
  causeway spec submit_payment_order               its fields as a table
  causeway spec pay                                a call of a till
  causeway spec payment_refund --example           a valid message
  causeway spec get_card_list --json-schema        JSON Schema 2020-12";

/// `causeway spec`.
#[derive(Debug, Args)]
#[command(after_help = SPEC_EXAMPLES)]
pub(crate) struct SpecArgs {
    /// The message, in any case; without it all are listed.
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: Option<String>,
    /// Its JSON Schema.
    #[arg(long, requires = "message", conflicts_with_all = ["example", "json"])]
    pub(crate) json_schema: bool,
    /// A valid example.
    #[arg(long, requires = "message", conflicts_with = "json")]
    pub(crate) example: bool,
    /// The declaration as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
