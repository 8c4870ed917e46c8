//! `causeway encrypt` and `causeway decrypt`: compact JWE, both profiles.

use std::sync::Arc;

use jose::jwe::{self, Profile};
use serde_json::json;

use super::credentials::{Party, Use, named, read_certificate};
use super::say;
use crate::cli::{DecryptArgs, EncryptArgs, ProfileArg};
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::time::real_now;

/// Runs `causeway encrypt`.
pub(crate) fn encrypt(args: &EncryptArgs) -> Outcome {
    let to = match (&args.credentials, &args.party, &args.cert) {
        (Some(file), Some(who), _) => Party::read(file, who, real_now())?.encryption,
        (_, _, Some(path)) => read_certificate(path)?,
        (_, _, None) => {
            return Err(Failure::usage(
                "for whom? give --credentials sandbox.json --as WHO, or --cert FILE",
            ));
        }
    };
    let plain = files::read_input(args.file.as_deref(), MESSAGE_BYTES_MAX)?;
    let profile = match args.profile {
        ProfileArg::Rsa15 => Profile::Rsa15A128CbcHs256,
        ProfileArg::RsaOaep256 => Profile::RsaOaep256A256Gcm,
    };
    let sealed =
        jwe::encrypt(&plain, &to, profile).map_err(|error| Failure::at("encrypt", error))?;
    say(args.json, &sealed, &json!({ "jwe": sealed, "kid": to.id().as_str() }))
}

/// Runs `causeway decrypt`.
pub(crate) fn decrypt(args: &DecryptArgs) -> Outcome {
    let identity = Arc::new(named(&args.credentials, Use::Decrypt, real_now())?.identity);
    let bytes = files::read_input(args.file.as_deref(), MESSAGE_BYTES_MAX)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::new("a JWE is ASCII text"))?;
    // People paste the member with its quotes.
    let compact = text.trim().trim_matches('"');
    let named_kid = jwe::kid(compact).map_err(|error| Failure::at("decrypt", error))?;
    let known = args.credentials.credentials.is_some() || args.credentials.cert.is_some();
    if known && named_kid != identity.id().as_str() {
        return Err(Failure::new(format!(
            "the JWE is encrypted for certificate {named_kid}, this key belongs to {}",
            identity.id()
        )));
    }
    let both = [Profile::Rsa15A128CbcHs256, Profile::RsaOaep256A256Gcm];
    let plain = jwe::decrypt(compact, |_| Some(Arc::clone(&identity)), &both)
        .map_err(|error| Failure::at("decrypt", error))?;
    let plain = String::from_utf8_lossy(plain.expose()).into_owned();
    say(args.json, &plain, &json!({ "plaintext": plain, "kid": named_kid }))
}
