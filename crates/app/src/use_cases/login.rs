//! CHANNEL_LOGIN_INFO, the one-time link, and the hand-over to the service.

use domain::ids::{ChannelCode, IndustryCode, UserId};
use domain::party::{Application, Industry, Party};

use super::rights::opened;
use crate::caller::Caller;
use crate::limits::{LOGIN_LINK_LIFE, STALE_RETRIES_COUNT_MAX};
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, Duplicate};
use crate::records::{self, Consent, LoginExtras, LoginLink, consent_key};
use crate::refusal::Refusal;
use crate::writeset::{RecordChange, RecordWrite, Versioned, WriteSet};

/// The purpose under which a user's mobile is sealed.
const MOBILE: &str = "login_link.mobile";

/// What a channel says of its user.
#[derive(Clone)]
pub struct ChannelLogin {
    /// `channelCode`.
    pub channel: ChannelCode,
    /// `industryCode`.
    pub industry: IndustryCode,
    /// `userId`.
    pub user: UserId,
    /// `mobile`, opened.
    pub mobile: Option<String>,
    /// `email`, opened.
    pub email: Option<String>,
    /// Optional members.
    pub extras: LoginExtras,
}

/// A user on the way to a service.
#[derive(Clone)]
pub struct Handover {
    /// The service.
    pub industry: Industry,
    /// Its application.
    pub app: Application,
    /// The channel of the user.
    pub channel: ChannelCode,
    /// The user.
    pub user: UserId,
    /// The user's mobile, if it is to be handed over.
    pub mobile: Option<String>,
    /// Optional members.
    pub extras: LoginExtras,
}

/// Takes a user's login from the channel and answers with the one-time address of the service.
///
/// # Errors
/// A [`Refusal`].
pub async fn channel_login(
    platform: &Platform,
    caller: &Caller,
    input: ChannelLogin,
) -> Result<String, Refusal> {
    if caller.party != Party::Channel(input.channel.clone()) {
        return Err(Refusal::no_right("channelCode", "not the channel of this application"));
    }
    check_particulars(platform, &input)?;
    let secret = platform.ids.secret();
    let link = link(platform, &input);
    let body = to_json(platform, &link)?;
    let mut set = WriteSet { seen: caller.seen.clone(), ..WriteSet::default() };
    set.records.push(RecordWrite {
        space: records::LOGIN_LINK,
        key: secret.clone(),
        change: RecordChange::Insert { body, expires_at: Some(link.expires_at) },
    });
    match platform.store.commit(set).await {
        Ok(CommitOutcome::Committed) => {}
        Ok(CommitOutcome::Duplicate(Duplicate::Message)) => return Err(Refusal::Replayed),
        Ok(CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {
            return Err(platform.unexpected("a login link was taken"));
        }
        Err(error) => return Err(platform.failed(&error)),
    }
    let members = members(&input);
    add_consent(platform, &input.channel, &input.user, &input.industry, &members).await?;
    Ok(format!("{}/ucsp/login/{secret}", platform.settings.base_url))
}

/// The service is opened and gets the members that it needs.
pub(super) fn check_particulars(platform: &Platform, input: &ChannelLogin) -> Result<(), Refusal> {
    let directory = platform.directory.get();
    opened(&directory, &input.channel, &input.industry, "industryCode")?;
    let needs = directory.industry(&input.industry).map(|i| i.needs.clone()).unwrap_or_default();
    let missing = |name: &str, there: bool| !there && needs.iter().any(|need| need == name);
    if missing("mobile", input.mobile.is_some()) {
        return Err(Refusal::Invalid { field: "encData.mobile", rule: NEEDED.to_owned() });
    }
    if missing("email", input.email.is_some()) {
        return Err(Refusal::Invalid { field: "encData.email", rule: NEEDED.to_owned() });
    }
    Ok(())
}

const NEEDED: &str = "is needed by this service";

fn members(input: &ChannelLogin) -> Vec<&'static str> {
    let mut members = vec!["userId"];
    if input.mobile.is_some() {
        members.push("mobile");
    }
    members
}

fn link(platform: &Platform, input: &ChannelLogin) -> LoginLink {
    let now = platform.clock.now();
    LoginLink {
        channel: input.channel.clone(),
        industry: input.industry.clone(),
        user: input.user.clone(),
        mobile_sealed: input.mobile.as_deref().map(|m| platform.sealer.seal(MOBILE, m)),
        extras: input.extras.clone(),
        expires_at: now.checked_add(LOGIN_LINK_LIFE).unwrap_or(now),
    }
}

/// Follows a one-time link: it works once, and within its life.
///
/// # Errors
/// [`Refusal::UnknownTransaction`] for one that is not known, or was used; [`Refusal::Limit`] for
/// one whose life is over, until it is forgotten.
pub async fn follow_login_link(platform: &Platform, secret: &str) -> Result<Handover, Refusal> {
    let life = |link: &LoginLink| link.expires_at;
    let link: LoginLink = take(platform, records::LOGIN_LINK, secret, life).await?;
    let sealed = link.mobile_sealed.as_deref();
    let mobile = sealed.map(|sealed| platform.sealer.open(MOBILE, sealed));
    let mobile = match mobile {
        Some(None) => return Err(platform.unexpected("a login link cannot be unsealed")),
        Some(Some(mobile)) => Some(mobile),
        None => None,
    };
    handover(
        platform,
        ChannelLogin {
            channel: link.channel,
            industry: link.industry,
            user: link.user,
            mobile,
            email: None,
            extras: link.extras,
        },
    )
}

/// The hand-over of a user whose particulars were checked.
pub(super) fn handover(platform: &Platform, input: ChannelLogin) -> Result<Handover, Refusal> {
    let directory = platform.directory.get();
    opened(&directory, &input.channel, &input.industry, "industryCode")?;
    let industry = directory.industry(&input.industry).cloned();
    let industry = industry.ok_or(Refusal::UnknownTransaction)?;
    let app = directory.application(&industry.app).cloned();
    let app = app.ok_or_else(|| platform.unexpected("a service has no application"))?;
    Ok(Handover {
        industry,
        app,
        channel: input.channel,
        user: input.user,
        mobile: input.mobile,
        extras: input.extras,
    })
}

/// Reads a one-time document and takes it away; of two that come at once, one gets it. One whose
/// life is over stays for whoever comes later to be told so.
pub(super) async fn take<T: serde::de::DeserializeOwned>(
    platform: &Platform,
    space: &'static str,
    key: &str,
    expires_at: impl FnOnce(&T) -> jiff::Timestamp,
) -> Result<T, Refusal> {
    let found = platform.store.record(space, key).await;
    let found = found.map_err(|error| platform.failed(&error))?;
    let found = found.ok_or(Refusal::UnknownTransaction)?;
    let document: T = serde_json::from_str(&found.value)
        .map_err(|error| platform.unexpected(&format!("a damaged {space} document: {error}")))?;
    if platform.clock.now() >= expires_at(&document) {
        return Err(Refusal::Limit { field: "link", reason: "its life is over".to_owned() });
    }
    let change = RecordChange::Take { expected: found.version };
    let records = vec![RecordWrite { space, key: key.to_owned(), change }];
    let taken = platform.store.commit(WriteSet { records, ..WriteSet::default() }).await;
    match taken.map_err(|error| platform.failed(&error))? {
        CommitOutcome::Committed => Ok(document),
        CommitOutcome::Stale | CommitOutcome::Duplicate(_) => Err(Refusal::UnknownTransaction),
    }
}

/// The consent of a user, if data went to the service before.
pub(super) async fn consent(
    platform: &Platform,
    channel: &ChannelCode,
    user: &UserId,
    industry: &IndustryCode,
) -> Result<Option<Versioned<Consent>>, Refusal> {
    let key = consent_key(channel, user, industry);
    let found = platform.store.record(records::CONSENT, &key).await;
    let Some(found) = found.map_err(|error| platform.failed(&error))? else { return Ok(None) };
    let value = serde_json::from_str(&found.value)
        .map_err(|error| platform.unexpected(&format!("a damaged consent: {error}")))?;
    Ok(Some(Versioned { value, version: found.version }))
}

/// Keeps which data of a user went to which service, and when.
pub(super) async fn add_consent(
    platform: &Platform,
    channel: &ChannelCode,
    user: &UserId,
    industry: &IndustryCode,
    members: &[&str],
) -> Result<(), Refusal> {
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = consent(platform, channel, user, industry).await?;
        let now = platform.clock.now();
        let mut value = found.as_ref().map_or_else(
            || Consent {
                channel: channel.clone(),
                industry: industry.clone(),
                user: user.clone(),
                members: Vec::new(),
                first_at: now,
                last_at: now,
            },
            |found| found.value.clone(),
        );
        value.last_at = now;
        for member in members {
            if !value.members.iter().any(|known| known == member) {
                value.members.push((*member).to_owned());
            }
        }
        let body = to_json(platform, &value)?;
        let change = match found {
            Some(found) => {
                RecordChange::Replace { body, expected: found.version, expires_at: None }
            }
            None => RecordChange::Insert { body, expires_at: None },
        };
        let key = consent_key(channel, user, industry);
        let records = vec![RecordWrite { space: records::CONSENT, key, change }];
        let outcome = platform.store.commit(WriteSet { records, ..WriteSet::default() }).await;
        match outcome.map_err(|error| platform.failed(&error))? {
            CommitOutcome::Committed => return Ok(()),
            CommitOutcome::Stale | CommitOutcome::Duplicate(_) => {}
        }
    }
    Err(Refusal::Overloaded)
}

pub(super) fn to_json<T: serde::Serialize>(
    platform: &Platform,
    value: &T,
) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|error| platform.unexpected(&error.to_string()))
}
