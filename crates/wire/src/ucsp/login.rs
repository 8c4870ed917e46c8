//! Login: the channel hands its user over to an industry service.

use super::envelope::NoMembers;
use super::rows::{CHANNEL_CODE, CLIENT_TYPE, INDUSTRY_CODE, LANGUAGE, MOBILE, USER_ID};
use crate::class::Class::{Ans, N, Ns};
use crate::field::Source::{D, S};
use crate::field::{Condition, Field, Presence, sealed_object, sealed_text, text};
use crate::form::Form;
use crate::message::{Address, Leg, Message, Method, Party, Shape};
use crate::part::{Part, Request, message, part, presence, slot};

/// Kinds of identity document.
const ID_TYPES: &[(&str, &str)] = &[
    ("1", "18-digit ID card"),
    ("2", "15-digit ID card"),
    ("3", "military or police ID"),
    ("4", "Taiwan resident pass"),
    ("5", "reserved"),
    ("6", "other"),
    ("7", "Hong Kong resident pass"),
    ("8", "Macao resident pass"),
];
const LONGITUDE: Field = text("Longitude", Ns, 1, 15).source(S).eg("114.1694");
const LATITUDE: Field = text("Latitude", Ns, 1, 15).source(S).eg("22.3193");

part! {
    /// Plaintext of `encData` in [`ChannelLoginInfo`].
    ChannelUserData where [
        Condition::Needs { given: "idType", needed: "idNo" },
        Condition::Needs { given: "idNo", needed: "idType" },
    ] {
        mobile "mobile" C (MOBILE.note("Needed by parking services, and where a setting says so"));
        email "email" O (text("Email Address", Ans, 1, 100).source(S).secret()
            .eg("ann@example.com"));
        id_type "idType" O (text("ID Type", N, 1, 1).values(ID_TYPES).source(S)
            .note("Goes together with idNo").eg("1"));
        id_no "idNo" O (text("ID Number", Ans, 1, 18).source(S).secret()
            .note("Goes together with idType").eg("110101199003070011"));
    }
}

part! {
    /// Request of `CHANNEL_LOGIN_INFO`.
    ChannelLoginInfo {
        channel_code "channelCode" M (CHANNEL_CODE);
        channel_name "channelName" O (text("Channel Name", Ans, 1, 50).source(S)
            .eg("Harbour Bank"));
        client_type "clientType" O (CLIENT_TYPE);
        industry_code "industryCode" M (INDUSTRY_CODE);
        user_id "userId" M (USER_ID);
        language "language" O (LANGUAGE.note(
            "Language in which the service shows itself: ISO 639 and ISO 3166, en-GB or en_GB"));
        longitude "longitude" O (LONGITUDE);
        latitude "latitude" O (LATITUDE);
        enc_data "encData" C (sealed_object("Encrypted Data", ChannelUserData::TABLE).source(S)
            .note("JWE of the sensitive members in JSON; there if any of them is sent"));
    }
}

part! {
    /// Answer of `CHANNEL_LOGIN_INFO`.
    ChannelLoginInfoAnswer {
        channel_code "channelCode" R (CHANNEL_CODE);
        industry_code "industryCode" M (INDUSTRY_CODE);
        industry_url "industryUrl" C (text("Industry URL Address", Ans, 1, 512).source(S)
            .form(Form::Url).on_approval()
            .note("On success: a one-time address that leads on to the service")
            .eg("https://ucsp.example/ucsp/login/6f1d0b6d0f5c4c0e"));
    }
}

message! {
    /// The channel asks to open an industry service for its logged-in user.
    CHANNEL_LOGIN_INFO: ChannelLoginInfo => ChannelLoginInfoAnswer, S, "Channel login",
    "The channel asks to open an industry service for its logged-in user; the answer carries the \
     address that the App opens. Refusals: 36 the service is unknown or not opened for this \
     channel, 10, 99.",
    [Leg::channel("/ucsp/channel/v1/channellogininfo")]
}

part! {
    /// Query of the authorization address.
    AuthorizationUrl {
        industry_code "industryCode" M (INDUSTRY_CODE);
        channel_code "channelCode" M (CHANNEL_CODE);
    }
}

/// The browser comes to the platform, which gets the user from the channel by OAuth 2.0.
pub static AUTHORIZATION_URL: Message = Message {
    name: "AUTHORIZATION_URL",
    title: "Authorization address",
    summary: "The channel sends the user's browser here; the platform obtains the user from the \
              channel by OAuth 2.0 (authorization code, state, PKCE) and redirects to the service.",
    source: S,
    legs: &[Leg {
        from: Party::Browser,
        to: Party::Platform,
        method: Method::Get,
        address: Address::Path("/ucsp/channel/v1/authorize"),
        shape: Shape::Query,
    }],
    request: AuthorizationUrl::TABLE,
    answer: None,
    signed_in_body: false,
    served: true,
};

impl Request for AuthorizationUrl {
    const MESSAGE: &'static Message = &AUTHORIZATION_URL;
    type Answer = NoMembers;
}

part! {
    /// `trxInfo` of `INDUSTRY_LOGIN_INFO`.
    IndustryLoginInfo {
        channel_code "channelCode" M (CHANNEL_CODE.note("8 characters as published; up to 12"));
        mobile "mobile" M (sealed_text("Mobile Number", Ans, 1, 64).source(S).secret()
            .note("JWE of the bare value; the length is that of the plain value")
            .eg("+85291234567"));
        user_id "userId" M (USER_ID.note("The user as the channel knows them"));
        language "language" O (LANGUAGE.source(D));
        client_type "clientType" O (CLIENT_TYPE.source(D));
        longitude "longitude" O (LONGITUDE.source(D));
        latitude "latitude" O (LATITUDE.source(D));
    }
}

/// The platform hands the user over to the industry service, through the browser.
pub static INDUSTRY_LOGIN_INFO: Message = Message {
    name: "INDUSTRY_LOGIN_INFO",
    title: "Industry login",
    summary: "The platform hands the user over to the industry service, through the browser. The \
              service verifies the signature in the body and logs the user in. Valid for 300 s \
              from timeStamp, msgID for single use. There is no answer message.",
    source: S,
    legs: &[Leg {
        from: Party::Platform,
        to: Party::Industry,
        method: Method::Get,
        address: Address::Template("{INDUSTRY_INDEX_URL}?request_data={percent-encoded JSON}"),
        shape: Shape::Wrapped,
    }],
    request: IndustryLoginInfo::TABLE,
    answer: None,
    signed_in_body: true,
    served: true,
};

impl Request for IndustryLoginInfo {
    const MESSAGE: &'static Message = &INDUSTRY_LOGIN_INFO;
    type Answer = NoMembers;
}

/// `certificateSignature` as the platform sends it: its own certificate is named.
pub(crate) const BY_PLATFORM: [Presence; 4] =
    [Presence::Mandatory, Presence::Optional, Presence::Conditional, Presence::Mandatory];
/// `certificateSignature` as a service sends it: the service's certificate is named.
pub(crate) const BY_INDUSTRY: [Presence; 4] =
    [Presence::Optional, Presence::Mandatory, Presence::Conditional, Presence::Mandatory];
