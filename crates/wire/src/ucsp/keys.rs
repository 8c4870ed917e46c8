//! Exchange of keys by message (`spec/security.md` section 5).

use super::envelope::NoMembers;
use crate::class::Class::{An, Ans};
use crate::field::Source::F;
use crate::field::{Condition, Field, text};
use crate::form::Form;
use crate::limits::CERTIFICATE_CHARS_MAX;
use crate::message::Leg;
use crate::part::{message, part, presence, slot};

const fn cert_id(name: &'static str, example: &'static str) -> Field {
    text(name, An, 1, 128).source(F).eg(example)
}

const fn public_key(name: &'static str) -> Field {
    text(name, Ans, 1, CERTIFICATE_CHARS_MAX)
        .form(Form::Certificate)
        .source(F)
        .note("X.509 certificate in PEM or base64 DER; only if new")
        .eg("MIIC+zCCAeOgAwIBAgIFAYvP1WUwDQYJKoZIhvcNAQELBQA=")
}

part! {
    /// Fields of `KEY_INQUIRY_EXCHANGE`.
    KeyInquiryExchange where [
        Condition::Needs { given: "appSignPublicKey", needed: "appSignCertID" },
        Condition::Needs { given: "appEncPublicKey", needed: "appEncCertID" },
    ] {
        app_sign_cert_id "appSignCertID" O (cert_id("App Signature Certificate ID",
            "1700000000011"));
        app_sign_public_key "appSignPublicKey" C (public_key("App Signature Public Key"));
        app_enc_cert_id "appEncCertID" O (cert_id("App Encryption Certificate ID",
            "1700000000012"));
        app_enc_public_key "appEncPublicKey" C (public_key("App Encryption Public Key"));
        ucsp_sign_cert_id "ucspSignCertID" O (cert_id("UCSP Signature Certificate ID",
            "1700000000001").note("The platform's signing certificate that the partner holds"));
        ucsp_enc_cert_id "ucspEncCertID" O (cert_id("UCSP Encryption Certificate ID",
            "1700000000002").note("The platform's encryption certificate that the partner holds"));
    }
}

part! {
    /// Fields of the answer to `KEY_INQUIRY_EXCHANGE`: newer keys of the platform, if any.
    KeyInquiryExchangeAnswer where [
        Condition::Needs { given: "ucspSignPublicKey", needed: "ucspSignCertID" },
        Condition::Needs { given: "ucspEncPublicKey", needed: "ucspEncCertID" },
    ] {
        ucsp_sign_cert_id "ucspSignCertID" C (cert_id("UCSP Signature Certificate ID",
            "1700000000001").note("If there is a newer one"));
        ucsp_sign_public_key "ucspSignPublicKey" C (public_key("UCSP Signature Public Key"));
        ucsp_enc_cert_id "ucspEncCertID" C (cert_id("UCSP Encryption Certificate ID",
            "1700000000002").note("If there is a newer one"));
        ucsp_enc_public_key "ucspEncPublicKey" C (public_key("UCSP Encryption Public Key"));
    }
}

message! {
    /// A partner brings new keys and asks for the platform's.
    KEY_INQUIRY_EXCHANGE: KeyInquiryExchange => KeyInquiryExchangeAnswer, F,
    "Key inquiry and exchange",
    "A partner brings its new certificates, signed with the current key, and asks whether the \
     platform has newer ones.",
    [
        Leg::industry("/ucsp/security/v1/keyinquiryexchange"),
        Leg::channel("/ucsp/security/v1/keyinquiryexchange"),
    ],
    declared
}

part! {
    /// Fields of `KEY_RESET_RESULT`: what the partner accepted.
    KeyResetResult where [
        Condition::Either { either: "ucspSignCertID", or: &["ucspEncCertID"] },
    ] {
        ucsp_sign_cert_id "ucspSignCertID" C (cert_id("UCSP Signature Certificate ID",
            "1700000000001").note("Accepted signing certificate of the platform"));
        ucsp_enc_cert_id "ucspEncCertID" C (cert_id("UCSP Encryption Certificate ID",
            "1700000000002").note("Accepted encryption certificate of the platform"));
    }
}

message! {
    /// A partner says which keys of the platform it accepted.
    KEY_RESET_RESULT: KeyResetResult => NoMembers, F, "Key reset result",
    "A partner says which new certificates of the platform it accepted, so that the old ones can \
     end with their overlap.",
    [
        Leg::industry("/ucsp/security/v1/keyresetresult"),
        Leg::channel("/ucsp/security/v1/keyresetresult"),
    ],
    declared
}
