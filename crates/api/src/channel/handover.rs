//! The hand-over of a user to a service: INDUSTRY_LOGIN_INFO through the browser.

use std::sync::Arc;

use app::Refusal;
use app::use_cases::{self, Handover};
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use jose::inbody::{PLACEHOLDER, sign_in_body};
use jose::jwe::encrypt;
use wire::ucsp::{CertificateSignature, IndustryLoginInfo, Wrapped, encode, message_id};

use crate::crypto::{Lane, Place};
use crate::gateway::in_body_form;
use crate::pages::{self, Language};
use crate::shared::Shared;

/// Follows a one-time link to its service.
pub(super) async fn follow(
    State(shared): State<Arc<Shared>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    let language = Language::of_browser(&headers);
    let Ok(place) = shared.crypto.reserve(Lane::Logins) else {
        return pages::trouble(language, &Refusal::Overloaded);
    };
    match use_cases::follow_login_link(&shared.platform, &secret).await {
        Ok(handover) => lead(&shared, &place, &handover, language).await,
        Err(refusal) => pages::link_trouble(language, &refusal),
    }
}

/// Leads the browser to the service with a signed INDUSTRY_LOGIN_INFO.
pub(super) async fn lead(
    shared: &Shared,
    place: &Place,
    handover: &Handover,
    language: Language,
) -> Response {
    match request_data(shared, place, handover).await {
        Ok(data) => pages::lead_to(&with_request_data(&handover.industry.index_url, &data)),
        Err(refusal) => pages::trouble(language, &refusal),
    }
}

async fn request_data(
    shared: &Shared,
    place: &Place,
    handover: &Handover,
) -> Result<String, Refusal> {
    let app_id = handover.app.id.as_str();
    let (mobile, certificate) = match handover.mobile.as_deref() {
        Some(mobile) => sealed(shared, app_id, mobile)?,
        None => (String::new(), None),
    };
    let identity = shared.keys.signing_for(app_id);
    let stamp = shared.time_stamp(&shared.platform.settings.default_zone);
    let random = shared.platform.ids.digits(6).parse().unwrap_or_default();
    let industry = handover.industry.code.as_str();
    let number = message_id(industry, &stamp, random);
    let fields: IndustryLoginInfo = dialect::ucsp::industry_login_info(handover, mobile);
    let mut message = Wrapped::new(&number, &stamp, industry, fields);
    message.certificate_signature = Some(CertificateSignature {
        ucsp_sign_cert_id: Some(identity.id().to_string()),
        app_enc_cert_id: certificate,
        signature: PLACEHOLDER.to_owned(),
        ..CertificateSignature::default()
    });
    let form = in_body_form(handover.app.in_body);
    let text = String::from_utf8(encode(&message));
    let text = text.map_err(|_| failed(shared, "the login message is not UTF-8"))?;
    let job = move || sign_in_body(&text, &identity, form);
    let signed = shared.crypto.run(place, job).await.map_err(|_| Refusal::Overloaded)?;
    signed.map_err(|_| failed(shared, "the login message could not be signed"))
}

/// The mobile for the service alone (ucsp.md section 8.9: the bare value), and the certificate.
fn sealed(
    shared: &Shared,
    app_id: &str,
    mobile: &str,
) -> Result<(String, Option<String>), Refusal> {
    let to = shared.keys.encryption_for(app_id);
    let (certificate, profile) =
        to.ok_or_else(|| failed(shared, "the service has no encryption certificate"))?;
    let jwe = encrypt(mobile.as_bytes(), &certificate, profile);
    let jwe = jwe.map_err(|_| failed(shared, "the mobile could not be encrypted"))?;
    Ok((jwe, Some(certificate.id().to_string())))
}

fn failed(shared: &Shared, what: &str) -> Refusal {
    let incident = shared.platform.ids.incident();
    tracing::error!(%incident, what, "unexpected failure");
    Refusal::Internal { incident }
}

/// Appends the query member to an address that may have a query and a fragment already.
fn with_request_data(index_url: &str, data: &str) -> String {
    let (address, fragment) = match index_url.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (index_url, None),
    };
    let joint = if address.contains('?') { '&' } else { '?' };
    let mut url = format!("{address}{joint}request_data=");
    for byte in data.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    if let Some(fragment) = fragment {
        url.push('#');
        url.push_str(fragment);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::with_request_data;

    #[test]
    fn the_query_member_is_appended_and_encoded() {
        let cases = [
            ("https://s.example/in", "https://s.example/in?request_data=%7B%22a%22%3A1%7D"),
            ("https://s.example/?x=1", "https://s.example/?x=1&request_data=%7B%22a%22%3A1%7D"),
            ("https://s.example/#top", "https://s.example/?request_data=%7B%22a%22%3A1%7D#top"),
        ];
        for (index, expected) in cases {
            assert_eq!(with_request_data(index, r#"{"a":1}"#), expected);
        }
        assert!(with_request_data("https://s.example/", "车 +").ends_with("%E8%BD%A6%20%2B"));
    }
}
